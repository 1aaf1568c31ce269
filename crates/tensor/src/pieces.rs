//! The same pieces of several slices, for several threads to write at once.
#![allow(unsafe_code)]

use smallvec::SmallVec;

use crate::parallel;

/// Slices of one length that threads write to at places that do not overlap.
pub(crate) struct Pieces<'a, T> {
    starts: SmallVec<[*mut T; 4]>,
    len: usize,
    slices: std::marker::PhantomData<&'a mut [T]>,
}

// SAFETY: threads get at the values only by `with`, whose callers vouch that no two of them use
// the same place.
unsafe impl<T: Send> Sync for Pieces<'_, T> {}

impl<'a, T> Pieces<'a, T> {
    /// # Panics
    /// If the slices differ in length.
    pub(crate) fn new(slices: &'a mut [&mut [T]]) -> Self {
        let len = slices.first().map_or(0, |slice| slice.len());
        assert!(slices.iter().all(|slice| slice.len() == len), "slices differ in length");
        let starts = slices.iter_mut().map(|slice| slice.as_mut_ptr()).collect();
        Self { starts, len, slices: std::marker::PhantomData }
    }

    /// How long the slices are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Runs `work` on the `len` values from `first` on of all slices.
    ///
    /// # Safety
    /// Nobody else uses any of these values meanwhile.
    ///
    /// # Panics
    /// If the slices are not that long.
    #[inline]
    pub(crate) unsafe fn with<R>(
        &self,
        first: usize,
        len: usize,
        work: impl FnOnce(&mut [&mut [T]]) -> R,
    ) -> R {
        assert!(first <= self.len && len <= self.len - first, "{len} values from {first} on");
        // SAFETY: the piece lies within its slice, and nobody else uses it.
        let piece =
            |start: *mut T| unsafe { std::slice::from_raw_parts_mut(start.add(first), len) };
        // One to three slices are what optimizers have; a list takes longer to make.
        match *self.starts.as_slice() {
            [a] => work(&mut [piece(a)]),
            [a, b] => work(&mut [piece(a), piece(b)]),
            [a, b, c] => work(&mut [piece(a), piece(b), piece(c)]),
            ref many => work(&mut many.iter().map(|&a| piece(a)).collect::<SmallVec<[_; 8]>>()),
        }
    }
}

/// Cuts slices of one length into pieces of `each` values (the last one shorter) and runs
/// `work(first, pieces)` for each of them, on several threads if `shared` says so of the length.
///
/// # Panics
/// If the slices differ in length.
pub(crate) fn cut_each<T: Send>(
    slices: &mut [&mut [T]],
    each: usize,
    shared: impl FnOnce(usize) -> bool,
    work: impl Fn(usize, &mut [&mut [T]]) + Sync,
) {
    let slices = Pieces::new(slices);
    let len = slices.len();
    let piece = |index: usize| {
        let first = index * each;
        // SAFETY: pieces do not overlap, and each index is worked on once.
        unsafe { slices.with(first, each.min(len - first), |pieces| work(first, pieces)) };
    };
    let count = len.div_ceil(each);
    match shared(len) {
        true => parallel::for_each_index(count, &piece),
        false => (0..count).for_each(piece),
    }
}
