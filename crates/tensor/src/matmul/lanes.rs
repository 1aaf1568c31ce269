//! A vector register: the few operations that the microkernels need, for each instruction set.
//!
//! The kernels are written once, generic over [`Lanes`]; inlined into a function that enables an
//! instruction set, they become its instructions.
#![allow(unsafe_code)]

use crate::Real;

/// A register of several numbers.
pub(super) trait Lanes: Copy {
    /// The type of the numbers.
    type Value: Real;
    /// Says which of the first numbers of a register are meant.
    type Mask: Copy;
    /// How many numbers a register holds.
    const LANES: usize;

    /// The mask of the first `count` numbers.
    fn mask(count: usize) -> Self::Mask;

    /// All zeros.
    ///
    /// # Safety
    /// The machine must have the instruction set; so for all functions here.
    unsafe fn zero() -> Self;

    /// Reads a full register.
    ///
    /// # Safety
    /// [`LANES`](Self::LANES) values are readable at `from`.
    unsafe fn load(from: *const Self::Value) -> Self;

    /// Reads the numbers of the mask; the others are zero.
    ///
    /// # Safety
    /// The values of the mask are readable at `from`.
    unsafe fn load_part(from: *const Self::Value, mask: Self::Mask) -> Self;

    /// Writes a full register.
    ///
    /// # Safety
    /// [`LANES`](Self::LANES) values are writable at `to`.
    unsafe fn store(self, to: *mut Self::Value);

    /// Writes the numbers of the mask.
    ///
    /// # Safety
    /// The values of the mask are writable at `to`.
    unsafe fn store_part(self, to: *mut Self::Value, mask: Self::Mask);

    /// The same number everywhere.
    ///
    /// # Safety
    /// As [`zero`](Self::zero).
    unsafe fn spread(value: Self::Value) -> Self;

    /// self + other.
    ///
    /// # Safety
    /// As [`zero`](Self::zero).
    unsafe fn add(self, other: Self) -> Self;

    /// self·factor + summand.
    ///
    /// # Safety
    /// As [`zero`](Self::zero).
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self;

    /// The sum of all numbers.
    ///
    /// # Safety
    /// As [`zero`](Self::zero).
    unsafe fn sum(self) -> Self::Value;
}

/// Four numbers in plain Rust, for machines without a register type of their own here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Four<T>([T; 4]);

impl<T: Real> Lanes for Four<T> {
    type Value = T;
    type Mask = usize;
    const LANES: usize = 4;

    #[inline(always)]
    fn mask(count: usize) -> usize {
        count
    }

    #[inline(always)]
    unsafe fn zero() -> Self {
        Self([T::ZERO; 4])
    }

    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: four values are readable, as the caller says.
        Self(unsafe { from.cast::<[T; 4]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn load_part(from: *const T, mask: usize) -> Self {
        let mut values = [T::ZERO; 4];
        for (i, value) in values.iter_mut().enumerate().take(mask) {
            // SAFETY: the first `mask` values are readable.
            *value = unsafe { *from.add(i) };
        }
        Self(values)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: four values are writable, as the caller says.
        unsafe { to.cast::<[T; 4]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn store_part(self, to: *mut T, mask: usize) {
        for (i, value) in self.0.into_iter().enumerate().take(mask) {
            // SAFETY: the first `mask` values are writable.
            unsafe { *to.add(i) = value };
        }
    }

    #[inline(always)]
    unsafe fn spread(value: T) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * factor.0[i] + summand.0[i]))
    }

    #[inline(always)]
    unsafe fn sum(self) -> T {
        let [a, b, c, d] = self.0;
        (a + b) + (c + d)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Lanes;

    /// The mask of the first `count` of 16 or 8 lanes for AVX-512.
    macro_rules! avx512 {
        ($vector:ident, $value:ident, $mask:ident, $lanes:literal, $zero:ident, $load:ident,
         $load_part:ident, $store:ident, $store_part:ident, $spread:ident, $add:ident,
         $mul_add:ident, $sum:ident) => {
            impl Lanes for $vector {
                type Value = $value;
                type Mask = $mask;
                const LANES: usize = $lanes;

                #[inline(always)]
                fn mask(count: usize) -> $mask {
                    debug_assert!(count <= $lanes);
                    ((1u32 << count) - 1) as $mask
                }

                registers!($value, $zero, $load, $store, $spread, $add, $mul_add);

                #[inline(always)]
                unsafe fn sum(self) -> $value {
                    // SAFETY: the machine has the instruction.
                    unsafe { $sum(self) }
                }

                #[inline(always)]
                unsafe fn load_part(from: *const $value, mask: $mask) -> Self {
                    // SAFETY: only the values of the mask are read.
                    unsafe { $load_part(mask, from) }
                }

                #[inline(always)]
                unsafe fn store_part(self, to: *mut $value, mask: $mask) {
                    // SAFETY: only the values of the mask are written.
                    unsafe { $store_part(to, mask, self) }
                }
            }
        };
    }

    macro_rules! avx2 {
        ($vector:ident, $value:ident, $integer:ident, $lanes:literal, $zero:ident, $load:ident,
         $load_part:ident, $store:ident, $store_part:ident, $spread:ident, $add:ident,
         $mul_add:ident) => {
            impl Lanes for $vector {
                type Value = $value;
                type Mask = [$integer; $lanes];
                const LANES: usize = $lanes;

                #[inline(always)]
                fn mask(count: usize) -> Self::Mask {
                    std::array::from_fn(|i| if i < count { -1 } else { 0 })
                }

                registers!($value, $zero, $load, $store, $spread, $add, $mul_add);

                #[inline(always)]
                unsafe fn sum(self) -> $value {
                    let mut values = [0.0; $lanes];
                    // SAFETY: the array has as many values as the register.
                    unsafe { $store(values.as_mut_ptr(), self) };
                    let (low, high) = values.split_at($lanes / 2);
                    low.iter().zip(high).map(|(low, high)| low + high).sum()
                }

                #[inline(always)]
                unsafe fn load_part(from: *const $value, mask: Self::Mask) -> Self {
                    // SAFETY: only the values of the mask are read; the mask is 32 bytes.
                    unsafe { $load_part(from, _mm256_loadu_si256(mask.as_ptr().cast())) }
                }

                #[inline(always)]
                unsafe fn store_part(self, to: *mut $value, mask: Self::Mask) {
                    // SAFETY: only the values of the mask are written; the mask is 32 bytes.
                    unsafe { $store_part(to, _mm256_loadu_si256(mask.as_ptr().cast()), self) }
                }
            }
        };
    }

    /// What is the same for both.
    macro_rules! registers {
        ($value:ident, $zero:ident, $load:ident, $store:ident, $spread:ident, $add:ident,
         $mul_add:ident) => {
            #[inline(always)]
            unsafe fn zero() -> Self {
                // SAFETY: the machine has the instructions, as the caller says; so below.
                unsafe { $zero() }
            }

            #[inline(always)]
            unsafe fn load(from: *const $value) -> Self {
                // SAFETY: a full register is readable.
                unsafe { $load(from) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $value) {
                // SAFETY: a full register is writable.
                unsafe { $store(to, self) }
            }

            #[inline(always)]
            unsafe fn spread(value: $value) -> Self {
                // SAFETY: as above.
                unsafe { $spread(value) }
            }

            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $add(self, other) }
            }

            #[inline(always)]
            unsafe fn mul_add(self, factor: Self, summand: Self) -> Self {
                // SAFETY: as above.
                unsafe { $mul_add(self, factor, summand) }
            }
        };
    }

    avx512!(
        __m512,
        f32,
        __mmask16,
        16,
        _mm512_setzero_ps,
        _mm512_loadu_ps,
        _mm512_maskz_loadu_ps,
        _mm512_storeu_ps,
        _mm512_mask_storeu_ps,
        _mm512_set1_ps,
        _mm512_add_ps,
        _mm512_fmadd_ps,
        _mm512_reduce_add_ps
    );
    avx512!(
        __m512d,
        f64,
        __mmask8,
        8,
        _mm512_setzero_pd,
        _mm512_loadu_pd,
        _mm512_maskz_loadu_pd,
        _mm512_storeu_pd,
        _mm512_mask_storeu_pd,
        _mm512_set1_pd,
        _mm512_add_pd,
        _mm512_fmadd_pd,
        _mm512_reduce_add_pd
    );
    avx2!(
        __m256,
        f32,
        i32,
        8,
        _mm256_setzero_ps,
        _mm256_loadu_ps,
        _mm256_maskload_ps,
        _mm256_storeu_ps,
        _mm256_maskstore_ps,
        _mm256_set1_ps,
        _mm256_add_ps,
        _mm256_fmadd_ps
    );
    avx2!(
        __m256d,
        f64,
        i64,
        4,
        _mm256_setzero_pd,
        _mm256_loadu_pd,
        _mm256_maskload_pd,
        _mm256_storeu_pd,
        _mm256_maskstore_pd,
        _mm256_set1_pd,
        _mm256_add_pd,
        _mm256_fmadd_pd
    );
}
