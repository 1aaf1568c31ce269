//! Packing: copies a block of a matrix so that the microkernel reads it from front to end.
//!
//! A strip of `width` rows is stored column after column. Where the rows are contiguous in
//! memory the strip is transposed on the way, in squares of four by four that fit registers, and
//! sixteen columns (a line of the cache) at a time: with a stride that is a power of two, more
//! rows at once would push one another out of the cache.

use super::MatRef;
use crate::Real;

/// How strips of a fixed width are packed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packer<T: 'static> {
    pub(super) width: usize,
    run: fn(&mut [T], MatRef<'_, T>),
}

impl<T: Real> Packer<T> {
    pub(super) fn new<const WIDTH: usize>() -> Self {
        const { assert!(WIDTH.is_multiple_of(4), "strips are transposed in squares of four") };
        Self { width: WIDTH, run: strips::<T, WIDTH> }
    }
}

/// Packs a block in strips of `full`, and what remains in one strip of `tail` if it fits there,
/// filled up with zeros.
pub(super) fn pack<T: Real>(
    buffer: &mut Vec<T>,
    block: MatRef<'_, T>,
    full: Packer<T>,
    tail: Packer<T>,
) {
    let needed = block.rows.next_multiple_of(full.width) * block.cols;
    if buffer.len() < needed {
        buffer.resize(needed, T::ZERO);
    }
    let rest = block.rows % full.width;
    let whole = block.rows - rest;
    let (packed, packed_rest) = buffer.split_at_mut(whole * block.cols);
    (full.run)(packed, block.block(0, whole, 0, block.cols));
    if rest > 0 {
        let last = if rest <= tail.width { tail } else { full };
        let packed = &mut packed_rest[..last.width * block.cols];
        (last.run)(packed, block.block(whole, rest, 0, block.cols));
    }
}

/// Packs whole strips, or one strip of fewer rows.
fn strips<T: Real, const WIDTH: usize>(packed: &mut [T], block: MatRef<'_, T>) {
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
