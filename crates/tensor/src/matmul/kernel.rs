//! The serial product kernel: blocked as in Goto & van de Geijn (2008).
//!
//! Blocks of both operands are copied ("packed") into buffers where the innermost loop finds them
//! one after another, whatever their strides; a *tile* of the result is then computed in
//! registers by the microkernel of the machine's widest instructions. Each value of the result
//! is summed over k in the same order, wherever in the matrix it stands.

use std::cell::RefCell;

use super::pack::pack;
use super::tile::{Tile, tile_of};
use super::{MatRef, Write};
use crate::Real;

/// The extents of the block of A that is packed at a time (it stays in the second-level cache),
/// and the columns of the block of B (third level).
const BLOCK_ROWS: usize = 384;
const BLOCK_DEPTH: usize = 384;
const BLOCK_COLUMNS: usize = 1536;

/// A type that products can be computed for.
pub trait Gemm: Sized + Copy + 'static {
    /// Runs `work` with this thread's packing buffers, which are made once and only grow.
    fn with_buffers(work: impl FnOnce(&mut Buffers<Self>));

    /// The microkernels for this type that this machine runs best.
    fn tile() -> Tile<Self>;
}

/// The packed blocks of A and of B.
#[derive(Debug, Default)]
pub struct Buffers<T> {
    a: Vec<T>,
    b: Vec<T>,
}

macro_rules! gemm {
    ($type:ident, $name:ident) => {
        thread_local! {
            static $name: RefCell<Buffers<$type>> =
                const { RefCell::new(Buffers { a: Vec::new(), b: Vec::new() }) };
        }

        impl Gemm for $type {
            fn with_buffers(work: impl FnOnce(&mut Buffers<Self>)) {
                $name.with_borrow_mut(work);
            }

            fn tile() -> Tile<Self> {
                tile_of::$type()
            }
        }
    };
}

gemm!(f32, BUFFERS_F32);
gemm!(f64, BUFFERS_F64);

/// C = A·B or C += A·B on the calling thread; sizes have been checked by
/// [`product`](super::product).
pub(super) fn multiply<T: Real>(a: MatRef<'_, T>, b: MatRef<'_, T>, write: Write, c: &mut [T]) {
    if a.cols == 0 {
        if write == Write::Set {
            c.fill(T::ZERO);
        }
        return;
    }
    T::with_buffers(|buffers| blocks(a, b, write, c, buffers));
}

/// Walks over the blocks: columns of B, then depth, then rows of A.
fn blocks<T: Real>(
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    write: Write,
    c: &mut [T],
    buffers: &mut Buffers<T>,
) {
    let (tile, m) = (T::tile(), a.rows);
    for (column, columns) in pieces(b.cols, BLOCK_COLUMNS) {
        for (depth, depths) in pieces(a.cols, BLOCK_DEPTH) {
            // The first block along the depth sets, all others add.
            let write = if depth == 0 { write } else { Write::Add };
            let block = b.block(depth, depths, column, columns).t();
            pack(&mut buffers.b, block, tile.b, tile.b);
            for (row, rows) in pieces(m, BLOCK_ROWS) {
                let block = a.block(row, rows, depth, depths);
                pack(&mut buffers.a, block, tile.a, tile.a_tail);
                let c = &mut c[column * m + row..];
                tiles(&tile, buffers, (rows, columns, depths), m, write, c);
            }
        }
    }
}

/// Walks over the tiles of one block of the result, whose columns stand `stride` apart.
fn tiles<T: Real>(
    tile: &Tile<T>,
    buffers: &Buffers<T>,
    (rows, columns, depths): (usize, usize, usize),
    stride: usize,
    write: Write,
    c: &mut [T],
) {
    for (column, width) in pieces(columns, tile.b.width) {
        let b = &buffers.b[column * depths..][..tile.b.width * depths];
        for (row, height) in pieces(rows, tile.a.width) {
            // A tail that fits has a kernel of its own, so that fewer zeros are multiplied.
            let (run, packed) = match height <= tile.a_tail.width {
                true => (tile.tail, tile.a_tail.width),
                false => (tile.full, tile.a.width),
            };
            let a = &buffers.a[row * depths..][..packed * depths];
            run(a, b, &mut c[column * stride + row..], stride, (height, width), write);
        }
    }
}

/// Cuts `0..len` into pieces of `size`; yields the start and the length of each.
fn pieces(len: usize, size: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..len).step_by(size).map(move |start| (start, size.min(len - start)))
}
