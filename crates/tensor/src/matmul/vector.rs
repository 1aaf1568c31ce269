//! A matrix times one vector: there is nothing to reuse, so nothing is packed, and the matrix is
//! read once, as fast as memory allows.
#![allow(unsafe_code)]

use std::ops::Range;

use super::MatRef;
use super::kernel::{To, Whole};
use super::tile::{Dots, Start};
use crate::simd::{self, Isa, Kernel};
use crate::{Real, parallel};

/// How many columns of the matrix are added at a time: the result is read and written that much
/// less often.
const COLUMNS: usize = 8;

/// Columns shorter than this are left to the general kernel.
const LONG: usize = 32;

/// The matrix and the vector of a product with one column or, transposed, one row, if both are
/// contiguous in a way that serves; long rows or columns are what makes it worth while.
fn operands<'a, T: Real>(whole: &Whole<'a, T>) -> Option<(MatRef<'a, T>, MatRef<'a, T>)> {
    let (matrix, vector) = match (whole.a.rows, whole.b.cols) {
        (_, 1) => (whole.a, whole.b),
        (1, _) => (whole.b.t(), whole.a.t()),
        _ => return None,
    };
    let stored = matches!(whole.result, To::Memory { .. });
    let fits =
        stored && vector.row_stride == 1 && (goes_by_columns(matrix) || matrix.col_stride == 1);
    fits.then_some((matrix, vector))
}

fn goes_by_columns<T>(matrix: MatRef<'_, T>) -> bool {
    matrix.row_stride == 1 && matrix.rows >= LONG
}

/// Whether a product is computed here.
pub(super) fn fits<T: Real>(whole: &Whole<'_, T>) -> bool {
    operands(whole).is_some()
}

/// Computes such a product.
pub(super) fn run<T: Real>(whole: &Whole<'_, T>) {
    let Some((matrix, vector)) = operands(whole) else {
        return;
    };
    let (rows, by_columns) = (matrix.rows, goes_by_columns(matrix));
    // Memory is slower than arithmetic, so less work is worth sharing.
    let threads = parallel::threads_for(4 * rows * matrix.cols);
    let each = rows.div_ceil(threads).next_multiple_of(64);
    parallel::for_each_index(rows.div_ceil(each), &|index| {
        let To::Memory { c, then } = whole.result else {
            return;
        };
        let part = index * each..rows.min((index + 1) * each);
        // SAFETY: the parts lie within the result, which has as many values as the matrix rows,
        // and do not overlap.
        let c = unsafe { std::slice::from_raw_parts_mut(c.add(part.start), part.len()) };
        start(whole, part.clone(), c);
        let matrix = matrix.block(part.start, part.len(), 0, matrix.cols);
        if by_columns {
            simd::run(Columns { matrix, vector, c });
        } else {
            rows_times(matrix, vector, c);
        }
        if let Some(then) = then {
            then(part.start, c);
        }
    });
}

/// Writes what the product is added to.
fn start<T: Real>(whole: &Whole<'_, T>, part: Range<usize>, c: &mut [T]) {
    match whole.start {
        Start::Zero => c.fill(T::ZERO),
        Start::Existing => {}
        // SAFETY: there is a number for each row of A; a product with a single row has one.
        Start::Rows(rows) if whole.a.rows == 1 => c.fill(unsafe { *rows }),
        Start::Rows(rows) => {
            // SAFETY: the part is one of the rows of A.
            c.copy_from_slice(unsafe {
                std::slice::from_raw_parts(rows.add(part.start), part.len())
            });
        }
    }
}

/// Adds the products of the rows of a matrix with a vector, all contiguous, to `c`.
fn rows_times<T: Real>(matrix: MatRef<'_, T>, vector: MatRef<'_, T>, c: &mut [T]) {
    let last = c.len().checked_sub(1).map_or(0, |rows| rows * matrix.row_stride + matrix.cols);
    assert!(matrix.data.len() >= last && vector.data.len() >= matrix.cols);
    let job = Dots {
        matrix: matrix.data.as_ptr(),
        row: matrix.row_stride,
        vector: vector.data.as_ptr(),
        len: matrix.cols,
        c: c.as_mut_ptr(),
        rows: c.len(),
    };
    // SAFETY: the lengths have just been checked.
    unsafe { (T::tile().dots)(&job) };
}

/// Adds the columns of a matrix times the values of a vector to `c`.
struct Columns<'a, T> {
    matrix: MatRef<'a, T>,
    vector: MatRef<'a, T>,
    c: &'a mut [T],
}

impl<T: Real> Kernel for Columns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Self { matrix, vector, c } = self;
        let len = c.len();
        let column = |k: usize| &matrix.data[k * matrix.col_stride..][..len];
        let whole = matrix.cols / COLUMNS * COLUMNS;
        for first in (0..whole).step_by(COLUMNS) {
            let columns: [&[T]; COLUMNS] = std::array::from_fn(|i| column(first + i));
            let factors: [T; COLUMNS] = std::array::from_fn(|i| vector.data[first + i]);
            for (row, c) in c.iter_mut().enumerate() {
                let terms = columns.iter().zip(factors);
                *c = terms.fold(*c, |sum, (column, factor)| I::mul_add(column[row], factor, sum));
            }
        }
        for k in whole..matrix.cols {
            let (values, factor) = (column(k), vector.data[k]);
            c.iter_mut().zip(values).for_each(|(c, &value)| *c = I::mul_add(value, factor, *c));
        }
    }
}
