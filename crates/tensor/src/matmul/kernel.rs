//! The serial product kernel: blocked as in Goto & van de Geijn (2008), where blocking pays.
//!
//! Large operands are copied block by block ("packed") into buffers where the innermost loop finds
//! them one after another, whatever their strides; small ones are read where they are. A *tile* of
//! the result is computed in registers by the microkernel of the machine's widest instructions.
//! Each value of the result is summed over k in the same order, wherever in the matrix it stands.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::ops::Range;
use std::{ptr, slice};

use super::pack::{Packed, pack};
use super::tile::{self, Job, Start, Tile};
use super::{MatRef, Take, Then};
use crate::Real;
use crate::pieces::Pieces;

/// The most values and the greatest depth of the block of A that is packed at a time (it stays in
/// the second-level cache), and the most columns of the block of B (third level).
const BLOCK: usize = 384 * BLOCK_DEPTH;
pub(super) const BLOCK_DEPTH: usize = 512;
const BLOCK_COLUMNS: usize = 1536;

/// Operands of at most this many values are read where they are if their rows allow it: they stay
/// in the first-level cache.
const SMALL: usize = 1 << 12;

/// Larger ones are, if they are read in at most so many passes: copying them would cost more. Fewer
/// if their lines compete for the same places of the cache.
const PASSES: usize = 16;
const CROWDED_PASSES: usize = 4;

/// About how many finished values are handed on at a time: they are still in the first-level
/// cache.
const FINISHED: usize = 1 << 12;

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
    a: Packed<T>,
    b: Packed<T>,
    /// Values on their way to whoever takes them.
    taken: Packed<T>,
}

macro_rules! gemm {
    ($type:ident, $name:ident, $best:ident) => {
        thread_local! {
            static $name: RefCell<Buffers<$type>> =
                const { RefCell::new(Buffers { a: Packed::new(), b: Packed::new(), taken: Packed::new() }) };
        }

        impl Gemm for $type {
            fn with_buffers(work: impl FnOnce(&mut Buffers<Self>)) {
                $name.with_borrow_mut(work);
            }

            fn tile() -> Tile<Self> {
                tile::$best()
            }
        }
    };
}

gemm!(f32, BUFFERS_F32, best_f32);
gemm!(f64, BUFFERS_F64, best_f64);

/// A whole product, as all threads see it.
pub(super) struct Whole<'a, T> {
    pub(super) a: MatRef<'a, T>,
    pub(super) b: MatRef<'a, T>,
    pub(super) start: Start<T>,
    pub(super) result: To<'a, T>,
}

/// Where the result goes, column after column, of as many rows as A.
#[derive(Clone, Copy)]
pub(super) enum To<'a, T> {
    /// To memory, and what is done with it there.
    Memory { c: *mut T, then: Option<&'a Then<'a, T>> },
    /// To somebody who takes it.
    Taken { targets: &'a Pieces<'a, T>, take: &'a Take<'a, T> },
}

// SAFETY: threads compute parts of the result that do not overlap; what they read is shared.
unsafe impl<T: Send + Sync> Sync for Whole<'_, T> {}

impl<T: Real> Whole<'_, T> {
    /// Computes a part of the result on the calling thread.
    ///
    /// # Safety
    /// The part lies within the result; nobody else uses it meanwhile.
    pub(super) unsafe fn part(&self, rows: Range<usize>, columns: Range<usize>) {
        let tile = T::tile();
        let part = Part {
            a: self.a.block(rows.start, rows.len(), 0, self.a.cols),
            b: self.b.block(0, self.b.rows, columns.start, columns.len()),
            whole: self,
            rows,
            columns,
        };
        // SAFETY: as the caller says.
        T::with_buffers(|buffers| unsafe { part.compute(&tile, buffers) });
    }
}

/// A part of a product.
struct Part<'a, T> {
    a: MatRef<'a, T>,
    b: MatRef<'a, T>,
    whole: &'a Whole<'a, T>,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl<T: Real> Part<'_, T> {
    /// Walks over the blocks: columns of B, then depth, then rows of A.
    ///
    /// # Safety
    /// As [`Whole::part`].
    unsafe fn compute(&self, tile: &Tile<T>, buffers: &mut Buffers<T>) {
        let (a, b) = (self.a, self.b);
        let taken = match self.whole.result {
            To::Memory { .. } => ptr::null_mut(),
            To::Taken { .. } => {
                let rows = a.rows.min(block_rows(a.cols) + tile.rows);
                buffers.taken.lines(FINISHED + rows * tile.flat_columns)
            }
        };
        let (pack_a, pack_b) = packs(a, b, tile);
        for (column, columns) in pieces(b.cols, BLOCK_COLUMNS, tile.columns) {
            // A product over nothing is computed too: it is zero.
            for (depth, depths) in pieces(a.cols.max(1), BLOCK_DEPTH, 8) {
                let depths = depths.min(a.cols);
                let block = b.block(depth, depths, column, columns).t();
                let b = Operand::new(block, tile.columns, pack_b.then_some(&mut buffers.b));
                let start = if depth == 0 { self.whole.start } else { Start::Existing };
                for (row, rows) in pieces(a.rows, block_rows(depths), tile.rows) {
                    let block = a.block(row, rows, depth, depths);
                    let a = Operand::new(block, tile.rows, pack_a.then_some(&mut buffers.a));
                    let last = depth + depths == self.a.cols;
                    let block =
                        Block { a, b, row, rows, column, columns, depths, start, last, taken };
                    // SAFETY: the block lies within the part.
                    unsafe { self.tiles(tile, &block) };
                }
            }
        }
    }

    /// Walks over the tiles of a block.
    ///
    /// # Safety
    /// As [`Whole::part`].
    unsafe fn tiles(&self, tile: &Tile<T>, block: &Block<T>) {
        let height = match self.whole.result {
            To::Memory { .. } => self.whole.a.rows,
            To::Taken { .. } => block.rows,
        };
        let (row, column) = (self.rows.start + block.row, self.columns.start + block.column);
        let c = |i: usize, j: usize, finished: usize| match self.whole.result {
            // SAFETY: the tile lies within the result.
            To::Memory { c, .. } => unsafe { c.add((column + j) * height + row + i) },
            // SAFETY: there is room for as many columns as are finished at a time.
            To::Taken { .. } => unsafe { block.taken.add((j - finished) * height + i) },
        };
        let mut finished = 0;
        // A tile of a single register of rows leaves room for more columns.
        let flat = block.rows <= tile.lanes && !block.b.is_packed;
        let width = if flat { tile.flat_columns } else { tile.columns };
        for j in (0..block.columns).step_by(width) {
            let columns = width.min(block.columns - j);
            for i in (0..block.rows).step_by(tile.rows) {
                let start = match block.start {
                    // SAFETY: there is a value for each row.
                    Start::Rows(values) => Start::Rows(unsafe { values.add(row + i) }),
                    start => start,
                };
                let (a, b) =
                    (block.a.strip(i / tile.rows), block.b.strip(j / width * width / tile.columns));
                let job = Job {
                    depth: block.depths,
                    a,
                    a_column: block.a.along,
                    b,
                    b_row: block.b.along,
                    b_column: block.b.across,
                    c: c(i, j, finished),
                    c_column: height,
                    start,
                    rows: tile.rows.min(block.rows - i),
                    columns,
                };
                // SAFETY: operands and tile lie within their matrices.
                unsafe { tile.run(&job) };
            }
            let done = j + columns;
            if (done - finished) * block.rows >= FINISHED || done == block.columns {
                if block.last {
                    let place = (row, column + finished);
                    // SAFETY: these values are of this part, and finished.
                    unsafe { self.hand_on(block.taken, place, (block.rows, done - finished)) };
                }
                finished = done;
            }
        }
    }

    /// Hands finished values on, in runs that are contiguous in memory.
    ///
    /// # Safety
    /// As [`Whole::part`].
    unsafe fn hand_on(
        &self,
        taken: *const T,
        (row, column): (usize, usize),
        (rows, columns): (usize, usize),
    ) {
        let height = self.whole.a.rows;
        // Columns of full height follow one another without a gap.
        let (runs, len) = if rows == height { (1, rows * columns) } else { (columns, rows) };
        for run in 0..runs {
            let first = (column + run) * height + row;
            match self.whole.result {
                To::Memory { then: None, .. } => return,
                To::Memory { c, then: Some(then) } => {
                    // SAFETY: the run lies within the part, which nobody else uses.
                    then(first, unsafe { slice::from_raw_parts_mut(c.add(first), len) });
                }
                To::Taken { targets, take } => {
                    // SAFETY: as above, and the run has just been computed.
                    let values = unsafe { slice::from_raw_parts(taken.add(run * rows), len) };
                    // SAFETY: these places are of this part, too.
                    unsafe { targets.with(first, len, |targets| take(values, targets)) };
                }
            }
        }
    }
}

/// A block of a part, at this row and column of the part.
struct Block<T> {
    a: Operand<T>,
    b: Operand<T>,
    row: usize,
    rows: usize,
    column: usize,
    columns: usize,
    depths: usize,
    start: Start<T>,
    /// Whether it is the last one along the depth.
    last: bool,
    /// Memory for values that are taken.
    taken: *mut T,
}

/// A block of an operand in strips as wide as a tile, packed or where it is.
#[derive(Clone, Copy)]
struct Operand<T> {
    data: *const T,
    /// The distances from strip to strip, along the depth, and across a strip.
    strip: usize,
    along: usize,
    across: usize,
    is_packed: bool,
}

impl<T: Real> Operand<T> {
    /// A block whose rows go across the strips and whose columns along the depth, copied to
    /// `packed` if that is given.
    fn new(block: MatRef<'_, T>, width: usize, packed: Option<&mut Packed<T>>) -> Self {
        match packed {
            Some(packed) => Self {
                data: pack(packed, block, width),
                strip: width * block.cols,
                along: width,
                across: 1,
                is_packed: true,
            },
            None => Self {
                data: block.data.as_ptr(),
                strip: width * block.row_stride,
                along: block.col_stride,
                across: block.row_stride,
                is_packed: false,
            },
        }
    }

    fn strip(&self, index: usize) -> *const T {
        self.data.wrapping_add(index * self.strip)
    }
}

/// Whether A and whether B are to be packed for their product.
pub(super) fn packs<T: Real>(a: MatRef<'_, T>, b: MatRef<'_, T>, tile: &Tile<T>) -> (bool, bool) {
    let passes = (b.cols.div_ceil(tile.columns), a.rows.div_ceil(tile.rows));
    // Registers are filled from rows of A that are contiguous, but with single values of B.
    let a_in_place = a.row_stride == 1 && reads_well(a, passes.0);
    let b_in_place = b.row_stride == 1 || reads_well(b.t(), passes.1);
    (!a_in_place, !b_in_place)
}

/// Whether a matrix that is read column by column, a few rows at a time, in so many passes, is
/// best read where it is.
fn reads_well<T>(matrix: MatRef<'_, T>, passes: usize) -> bool {
    // Columns whose distance is a multiple of half a page compete for few places of the cache.
    let crowded = (matrix.col_stride * size_of::<T>()).is_multiple_of(2048);
    matrix.rows * matrix.cols <= SMALL || passes <= if crowded { CROWDED_PASSES } else { PASSES }
}

/// The most rows of a block of this depth.
fn block_rows(depth: usize) -> usize {
    BLOCK / depth.max(64)
}

/// Cuts `0..len` into pieces of nearly equal length, at most `most`, all but the last a multiple
/// of `multiple`; yields the start and the length of each.
fn pieces(len: usize, most: usize, multiple: usize) -> impl Iterator<Item = (usize, usize)> {
    let size = len.div_ceil(len.div_ceil(most).max(1)).next_multiple_of(multiple).max(1);
    (0..len).step_by(size).map(move |start| (start, size.min(len - start)))
}
