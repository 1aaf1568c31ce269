//! Cuts a product into parts for the threads that there are.
//!
//! Each value of the result is summed in the same order whatever part it is in, so the cut is free
//! to follow the shapes: it weighs the balance of the parts against what each of them packs.
#![allow(unsafe_code)]

use super::kernel::{Whole, packs};
use super::tile::Tile;
use super::vector;
use crate::{Real, parallel};

/// Computes the product, on several threads if that pays.
pub(super) fn run<T: Real>(whole: &Whole<'_, T>) {
    let (m, k, n) = (whole.a.rows, whole.a.cols, whole.b.cols);
    if vector::fits(whole) {
        return vector::run(whole);
    }
    let tile = T::tile();
    let (by_rows, by_columns) = cut(whole, &tile, parallel::threads_for(m * n * k));
    let rows = m.div_ceil(by_rows).next_multiple_of(tile.lanes);
    let columns = n.div_ceil(by_columns).next_multiple_of(tile.columns);
    let (by_rows, by_columns) = (m.div_ceil(rows), n.div_ceil(columns));
    parallel::for_each_index(by_rows * by_columns, &|index| {
        let (row, column) = (index % by_rows * rows, index / by_rows * columns);
        // SAFETY: the parts lie within the result and do not overlap.
        unsafe { whole.part(row..m.min(row + rows), column..n.min(column + columns)) };
    });
}

/// Parts of at least this many multiply-adds, about thirty microseconds, may be more than threads.
const LARGE_PART: usize = 1 << 21;

/// Packing a value takes as long as multiplying and adding so many registers.
const PACKING: usize = 3;

/// Parts that meet within a column write to the same line of the cache, which goes back and forth
/// between them; that takes about as long as this.
const SHARED_LINE: usize = 512;

/// Into how many parts the rows and the columns of the result are cut.
///
/// One for each thread, or a few: then a thread that is slowed down, by whatever else the machine
/// does, leaves the others more to do and is waited for less. That is worth a few hundredths of
/// the time, in packing the same operand for several parts.
fn cut<T: Real>(whole: &Whole<'_, T>, tile: &Tile<T>, threads: usize) -> (usize, usize) {
    let (a, b) = (whole.a, whole.b);
    // In units of the time in which a register is multiplied and added.
    let cost = |by_rows: usize, by_columns: usize| {
        let rows = a.rows.div_ceil(by_rows).next_multiple_of(tile.lanes);
        let columns = b.cols.div_ceil(by_columns).next_multiple_of(tile.columns);
        let part_a = a.block(0, rows.min(a.rows), 0, a.cols);
        let part_b = b.block(0, b.rows, 0, columns.min(b.cols));
        let (packs_a, packs_b) = packs(part_a, part_b, tile);
        let packed = if packs_a { rows } else { 0 } + if packs_b { columns } else { 0 };
        let rounds = (by_rows * by_columns).div_ceil(threads);
        let part = (rows / tile.lanes * columns + PACKING * packed) * a.cols;
        let shared_lines = if by_rows > 1 { columns * SHARED_LINE } else { 0 };
        (part + shared_lines) * rounds + part / 8
    };
    let most = (a.rows * a.cols * b.cols / LARGE_PART / threads).clamp(1, 4);
    let counts = (1..=most).map(|each| each * threads).filter(|_| threads > 1);
    let ways = counts.flat_map(|parts| {
        let divisors = (1..=parts).filter(move |by_rows| parts.is_multiple_of(*by_rows));
        divisors.map(move |by_rows| (by_rows, parts / by_rows))
    });
    ways.min_by_key(|&(by_rows, by_columns)| cost(by_rows, by_columns)).unwrap_or((1, 1))
}
