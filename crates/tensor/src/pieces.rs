//! The same pieces of several slices, for several threads to write at once.
#![allow(unsafe_code)]

use crate::parallel;

/// A slice that threads write to at places that do not overlap.
struct Shared<T>(*mut T);

// SAFETY: only `cut_each` uses it, and hands every value to one thread.
unsafe impl<T: Send> Sync for Shared<T> {}

/// Cuts slices of one length into pieces of `each` values (the last one shorter) and runs
/// `work(first, pieces)` for each of them, on several threads if `shared` says so of the length.
///
/// # Panics
/// If the slices differ in length.
pub(crate) fn cut_each<T: Send, const N: usize>(
    slices: [&mut [T]; N],
    each: usize,
    shared: impl FnOnce(usize) -> bool,
    work: impl Fn(usize, [&mut [T]; N]) + Sync,
) {
    let len = slices.first().map_or(0, |slice| slice.len());
    assert!(slices.iter().all(|slice| slice.len() == len), "slices differ in length");
    if len <= each {
        return work(0, slices);
    }
    let slices = slices.map(|slice| Shared(slice.as_mut_ptr()));
    let piece = |index: usize| {
        let first = index * each;
        let here = each.min(len - first);
        // SAFETY: the piece lies within its slice, and each index is worked on once.
        let part =
            |slice: &Shared<T>| unsafe { std::slice::from_raw_parts_mut(slice.0.add(first), here) };
        work(first, slices.each_ref().map(part));
    };
    let count = len.div_ceil(each);
    match shared(len) {
        true => parallel::for_each_index(count, &piece),
        false => (0..count).for_each(piece),
    }
}
