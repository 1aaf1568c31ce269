//! The serial product kernel: the `gemm` crates behind a safe function.
#![allow(unsafe_code)]

use gemm_common::Parallelism;

use super::{MatRef, Write};
use crate::Real;

/// The pointers, sizes and strides of one product, in the order the `gemm` crates take them.
pub struct Args<T> {
    size: (usize, usize, usize),
    c: *mut T,
    add: bool,
    a: *const T,
    a_strides: (isize, isize),
    b: *const T,
    b_strides: (isize, isize),
}

/// A type that a serial product kernel exists for.
pub trait Gemm: Sized {
    /// C = A·B or C += A·B on the calling thread.
    ///
    /// # Safety
    /// Every index that the sizes and strides reach lies within its matrix, and `c` overlaps
    /// neither `a` nor `b`.
    unsafe fn gemm(args: &Args<Self>);
}

macro_rules! gemm {
    ($type:ident, $gemm:path) => {
        impl Gemm for $type {
            unsafe fn gemm(args: &Args<Self>) {
                let (m, n, k) = args.size;
                let (row, col) = (|s: (isize, isize)| s.0, |s: (isize, isize)| s.1);
                // SAFETY: the caller vouches for sizes, strides and aliasing.
                unsafe {
                    $gemm()(
                        m,
                        n,
                        k,
                        args.c,
                        m as isize,
                        1,
                        args.add,
                        args.a,
                        col(args.a_strides),
                        row(args.a_strides),
                        args.b,
                        col(args.b_strides),
                        row(args.b_strides),
                        1.0,
                        1.0,
                        false,
                        false,
                        false,
                        Parallelism::None,
                    );
                }
            }
        }
    };
}

gemm!(f32, gemm_f32::gemm::f32::get_gemm_fn);
gemm!(f64, gemm_f64::gemm::f64::get_gemm_fn);

/// Computes one panel on the calling thread; the sizes have been checked by the caller
/// ([`product`](super::product)) and are checked again here because memory safety rests on them.
pub(super) fn multiply<T: Real>(a: MatRef<'_, T>, b: MatRef<'_, T>, write: Write, c: &mut [T]) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert!(k == b.rows && c.len() == m * n && reaches(&a) && reaches(&b));
    let strides = |x: &MatRef<'_, T>| (x.row_stride as isize, x.col_stride as isize);
    let args = Args {
        size: (m, n, k),
        c: c.as_mut_ptr(),
        add: write == Write::Add,
        a: a.data.as_ptr(),
        a_strides: strides(&a),
        b: b.data.as_ptr(),
        b_strides: strides(&b),
    };
    // SAFETY: the assertion above puts every index within its slice, and the exclusive borrow of
    // `c` rules out overlap.
    unsafe { T::gemm(&args) }
}

/// Whether the largest index of the matrix lies within its data.
fn reaches<T>(x: &MatRef<'_, T>) -> bool {
    x.rows == 0
        || x.cols == 0
        || (x.rows - 1) * x.row_stride + (x.cols - 1) * x.col_stride < x.data.len()
}
