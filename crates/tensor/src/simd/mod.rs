//! Elementwise loops in the machine's widest instructions, found out at run time.
//!
//! A [`Kernel`] is a loop that is compiled once for each instruction set; [`run`] picks the best
//! one of this machine. The loops are plain Rust that the compiler vectorizes, so everything
//! that they call must be inlined and free of branches: the elementary functions that [`Real`]
//! offers with an [`Isa`] (`exp_by` and its kin) are written that way.
#![allow(unsafe_code)]

#[cfg(test)]
mod accuracy;
pub(crate) mod error_function;
pub(crate) mod exponential;
pub(crate) mod hyperbolic;
pub(crate) mod logarithm;

use crate::Real;

/// An instruction set, as far as arithmetic differs between them.
pub trait Isa: Copy + Send + Sync + 'static {
    /// a·b + c: rounded once where the machine has an instruction for it, twice elsewhere.
    fn mul_add<T: Real>(a: T, b: T, c: T) -> T;
}

/// Every machine of the target.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

/// Machines with fused multiply-add.
#[derive(Clone, Copy, Debug)]
pub struct Fused;

impl Isa for Portable {
    #[inline(always)]
    fn mul_add<T: Real>(a: T, b: T, c: T) -> T {
        a * b + c
    }
}

impl Isa for Fused {
    #[inline(always)]
    fn mul_add<T: Real>(a: T, b: T, c: T) -> T {
        a.mul_add(b, c)
    }
}

/// A loop that is compiled for each instruction set.
pub trait Kernel {
    /// What comes of it.
    type Output;

    /// Runs the loop. Implementations are `#[inline(always)]`, without which they would be
    /// compiled for the instructions of every machine only. So would closures that the compiler
    /// finds too long to inline: loops with long bodies are `for` loops, not `for_each`.
    fn run<I: Isa>(self) -> Self::Output;
}

/// Runs a kernel in the widest instructions of this machine.
#[inline]
pub fn run<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx512() {
            // SAFETY: the features were detected.
            return unsafe { avx512(kernel) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the features were detected.
            return unsafe { avx2(kernel) };
        }
    }
    kernel.run::<Portable>()
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("fma")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Fused>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Fused>()
}
