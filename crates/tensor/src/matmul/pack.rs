//! Packing: copies a block of a matrix so that the microkernel reads it from front to end.
//!
//! A strip of `width` rows is stored column after column. Where the rows are contiguous in
//! memory the strip is transposed on the way, in squares of four by four that fit registers, and
//! sixteen columns (a line of the cache) at a time: with a stride that is a power of two, more
//! rows at once would push one another out of the cache.

use super::MatRef;
use crate::Real;

/// The bytes that a packed block starts at a multiple of: a line of the cache, so that no register
/// is read from two.
const ALIGNMENT: usize = 64;

/// Memory for a packed block, which is made once and only grows.
#[derive(Debug, Default)]
pub(super) struct Packed<T> {
    memory: Vec<T>,
}

impl<T: Real> Packed<T> {
    pub(super) const fn new() -> Self {
        Self { memory: Vec::new() }
    }

    /// `len` values that start at a line of the cache.
    fn slice(&mut self, len: usize) -> &mut [T] {
        let spare = ALIGNMENT / size_of::<T>();
        if self.memory.len() < len + spare {
            self.memory.resize(len + spare, T::ZERO);
        }
        let skip = self.memory.as_ptr().align_offset(ALIGNMENT).min(spare);
        &mut self.memory[skip..][..len]
    }

    /// Where `len` values are that start at a line of the cache.
    pub(super) fn lines(&mut self, len: usize) -> *mut T {
        self.slice(len).as_mut_ptr()
    }
}

/// Packs a block in strips of `width` rows, the last one filled up with zeros; returns where the
/// first one starts.
pub(super) fn pack<T: Real>(
    packed: &mut Packed<T>,
    block: MatRef<'_, T>,
    width: usize,
) -> *const T {
    let strips = match width {
        4 => strips::<T, 4>,
        8 => strips::<T, 8>,
        12 => strips::<T, 12>,
        16 => strips::<T, 16>,
        24 => strips::<T, 24>,
        32 => strips::<T, 32>,
        _ => unreachable!("no microkernel has tiles of {width} rows or columns"),
    };
    let rest = block.rows % width;
    let whole = block.rows - rest;
    let packed = packed.slice(block.rows.next_multiple_of(width) * block.cols);
    let (full, last) = packed.split_at_mut(whole * block.cols);
    strips(full, block.block(0, whole, 0, block.cols));
    strips(last, block.block(whole, rest, 0, block.cols));
    packed.as_ptr()
}

/// Packs whole strips, or one strip of fewer rows.
fn strips<T: Real, const WIDTH: usize>(packed: &mut [T], block: MatRef<'_, T>) {
    const { assert!(WIDTH.is_multiple_of(4), "strips are transposed in squares of four") };
    if block.cols == 0 || block.rows == 0 {
        return;
    }
    if block.rows < WIDTH {
        return partial(packed.as_chunks_mut::<WIDTH>().0, block);
    }
    if block.row_stride == 1 {
        return columns::<T, WIDTH>(packed, block);
    }
    for (i, packed) in packed.chunks_exact_mut(WIDTH * block.cols).enumerate() {
        let strip = block.block(i * WIDTH, WIDTH, 0, block.cols);
        transposed(packed.as_chunks_mut::<WIDTH>().0, strip);
    }
}

/// Packs strips whose columns are contiguous: column by column through all strips, so that memory
/// is read in long runs.
fn columns<T: Real, const WIDTH: usize>(packed: &mut [T], block: MatRef<'_, T>) {
    let strip = WIDTH * block.cols;
    for column in 0..block.cols {
        let from = &block.data[column * block.col_stride..][..block.rows];
        let to = packed[column * WIDTH..].chunks_mut(strip);
        for (to, from) in to.zip(from.as_chunks::<WIDTH>().0) {
            if let Some(to) = to.first_chunk_mut() {
                *to = *from;
            }
        }
    }
}

/// Packs a strip whose rows are contiguous, in squares of four by four.
fn transposed<T: Real, const WIDTH: usize>(packed: &mut [[T; WIDTH]], strip: MatRef<'_, T>) {
    const LINE: usize = 16;
    for (first, packed) in (0..).step_by(LINE).zip(packed.chunks_mut(LINE)) {
        for row in (0..WIDTH).step_by(4) {
            let line = |i| &strip.data[(row + i) * strip.row_stride + first..][..packed.len()];
            let rows = [line(0), line(1), line(2), line(3)];
            let (squares, rest) = packed.as_chunks_mut::<4>();
            for (at, square) in squares.iter_mut().enumerate() {
                let four = |i: usize| rows[i].as_chunks::<4>().0[at];
                let [a, b, c, d] = [four(0), four(1), four(2), four(3)];
                let [to0, to1, to2, to3] = square;
                to0[row..][..4].copy_from_slice(&[a[0], b[0], c[0], d[0]]);
                to1[row..][..4].copy_from_slice(&[a[1], b[1], c[1], d[1]]);
                to2[row..][..4].copy_from_slice(&[a[2], b[2], c[2], d[2]]);
                to3[row..][..4].copy_from_slice(&[a[3], b[3], c[3], d[3]]);
            }
            let done = rows[0].len() - rest.len();
            for (j, to) in rest.iter_mut().enumerate() {
                to[row..][..4].iter_mut().zip(rows).for_each(|(to, row)| *to = row[done + j]);
            }
        }
    }
}

/// Packs a strip of fewer rows, and zeros for those that are missing.
fn partial<T: Real, const WIDTH: usize>(packed: &mut [[T; WIDTH]], strip: MatRef<'_, T>) {
    for (column, to) in packed.iter_mut().enumerate() {
        let (present, missing) = to.split_at_mut(strip.rows);
        missing.fill(T::ZERO);
        for (row, to) in present.iter_mut().enumerate() {
            *to = strip.data[row * strip.row_stride + column * strip.col_stride];
        }
    }
}
