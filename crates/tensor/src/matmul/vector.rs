//! A matrix times one vector: there is nothing to reuse, so nothing is packed.

use super::{MatRef, Write};
use crate::Real;

/// c = A·b or c += A·b, where `b` has a single column.
pub(super) fn multiply<T: Real>(a: MatRef<'_, T>, b: MatRef<'_, T>, write: Write, c: &mut [T]) {
    if a.row_stride == 1 {
        if write == Write::Set {
            c.fill(T::ZERO);
        }
        columns(a, b, c);
    } else {
        rows(a, b, write, c);
    }
}

/// Adds the columns of A times the values of b, four at a time: then c is read and written a
/// quarter as often.
fn columns<T: Real>(a: MatRef<'_, T>, b: MatRef<'_, T>, c: &mut [T]) {
    let column = |k: usize| &a.data[k * a.col_stride..][..a.rows];
    let at = |k: usize| b.data[k * b.row_stride];
    let fours = a.cols / 4 * 4;
    for k in (0..fours).step_by(4) {
        let [b0, b1, b2, b3] = [at(k), at(k + 1), at(k + 2), at(k + 3)];
        let left = column(k).iter().zip(column(k + 1));
        let right = column(k + 2).iter().zip(column(k + 3));
        for (c, ((&a0, &a1), (&a2, &a3))) in c.iter_mut().zip(left.zip(right)) {
            *c += (a0 * b0 + a1 * b1) + (a2 * b2 + a3 * b3);
        }
    }
    for k in fours..a.cols {
        let b = at(k);
        c.iter_mut().zip(column(k)).for_each(|(c, &a)| *c += a * b);
    }
}

/// The product of each row of A with b, in sixteen running sums.
fn rows<T: Real>(a: MatRef<'_, T>, b: MatRef<'_, T>, write: Write, c: &mut [T]) {
    for (row, c) in c.iter_mut().enumerate() {
        let values = &a.data[row * a.row_stride..][..a.cols];
        let dot = match b.row_stride {
            1 => dot(values, &b.data[..a.cols]),
            _ => values.iter().enumerate().map(|(k, &a)| a * b.data[k * b.row_stride]).sum(),
        };
        *c = if write == Write::Set { dot } else { *c + dot };
    }
}

fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    let (a, a_rest) = a.as_chunks::<16>();
    let (b, b_rest) = b.as_chunks::<16>();
    let mut sums = [T::ZERO; 16];
    for (a, b) in a.iter().zip(b) {
        for (sum, (&a, &b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(&a, &b)| a * b).sum::<T>();
    sums.iter().fold(rest, |total, &sum| total + sum)
}
