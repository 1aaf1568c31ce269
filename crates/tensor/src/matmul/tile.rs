//! Microkernels: a tile of the result computed in registers.
//!
//! One macro writes the kernel for each instruction set and number type; the portable one is
//! plain Rust, and what the others are tested against. Which one runs is found out once.
#![allow(unsafe_code)]

use super::Write;
use super::pack::Packer;
use crate::Real;

/// Computes one tile: `c` (columns `stride` apart, the first `size` rows and columns of the tile)
/// from packed strips of A and B.
type Run<T> = fn(&[T], &[T], &mut [T], usize, (usize, usize), Write);

/// The microkernels of one instruction set: one of full height, one for the rows that remain.
#[derive(Clone, Copy, Debug)]
pub struct Tile<T: 'static> {
    /// How strips of A are packed for [`full`](Self::full) and for [`tail`](Self::tail).
    pub(super) a: Packer<T>,
    pub(super) a_tail: Packer<T>,
    /// How strips of B are packed for both.
    pub(super) b: Packer<T>,
    pub(super) full: Run<T>,
    pub(super) tail: Run<T>,
}

impl<T: Real> Tile<T> {
    fn new<const ROWS: usize, const TAIL: usize, const COLUMNS: usize>(
        full: Run<T>,
        tail: Run<T>,
    ) -> Self {
        let (a, a_tail) = (Packer::new::<ROWS>(), Packer::new::<TAIL>());
        Self { a, a_tail, b: Packer::new::<COLUMNS>(), full, tail }
    }
}

/// Writes or adds the valid part of a tile to the result.
#[inline(always)]
fn merge<T: Real>(
    tile: &[T],
    rows: usize,
    c: &mut [T],
    stride: usize,
    size: (usize, usize),
    write: Write,
) {
    for (column, tile) in tile.chunks_exact(rows).take(size.1).enumerate() {
        let c = &mut c[column * stride..][..size.0];
        match write {
            Write::Set => c.copy_from_slice(&tile[..size.0]),
            Write::Add => c.iter_mut().zip(tile).for_each(|(c, &x)| *c += x),
        }
    }
}

/// The portable microkernel.
fn portable<T: Real, const ROWS: usize, const COLUMNS: usize>(
    a: &[T],
    b: &[T],
    c: &mut [T],
    stride: usize,
    size: (usize, usize),
    write: Write,
) {
    let mut tile = [[T::ZERO; ROWS]; COLUMNS];
    for (a, b) in a.as_chunks::<ROWS>().0.iter().zip(b.as_chunks::<COLUMNS>().0) {
        for (tile, &b) in tile.iter_mut().zip(b) {
            for (tile, &a) in tile.iter_mut().zip(a) {
                *tile += a * b;
            }
        }
    }
    merge(tile.as_flattened(), ROWS, c, stride, size, write);
}

/// The portable microkernels.
fn portable_tile<T: Real>() -> Tile<T> {
    Tile::new::<8, 4, 4>(portable::<T, 8, 4>, portable::<T, 4, 4>)
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Tile, Write, merge};

    /// Writes the microkernel of `$vectors` vectors of `$lanes` values by `$columns` columns.
    macro_rules! microkernel {
        ($name:ident, $feature:literal, $type:ident, $vector:ident, $lanes:literal, $vectors:literal,
         $columns:literal, $zero:ident, $load:ident, $store:ident, $spread:ident, $add:ident,
         $multiply_add:ident) => {
            pub(super) fn $name(
                a: &[$type],
                b: &[$type],
                c: &mut [$type],
                stride: usize,
                size: (usize, usize),
                write: Write,
            ) {
                const ROWS: usize = $lanes * $vectors;

                #[target_feature(enable = $feature)]
                fn run(
                    a: &[$type],
                    b: &[$type],
                    c: &mut [$type],
                    stride: usize,
                    size: (usize, usize),
                    write: Write,
                ) {
                    let mut tile: [[$vector; $vectors]; $columns] = [[$zero(); $vectors]; $columns];
                    let strips = a.as_chunks::<ROWS>().0.iter().zip(b.as_chunks::<$columns>().0);
                    for (a, b) in strips {
                        let mut rows = [$zero(); $vectors];
                        for (row, a) in rows.iter_mut().zip(a.as_chunks::<$lanes>().0) {
                            // SAFETY: the chunk has as many values as the vector.
                            *row = unsafe { $load(a.as_ptr()) };
                        }
                        for (tile, &b) in tile.iter_mut().zip(b) {
                            let b = $spread(b);
                            for (tile, &row) in tile.iter_mut().zip(&rows) {
                                *tile = $multiply_add(row, b, *tile);
                            }
                        }
                    }
                    if size == (ROWS, $columns) {
                        for (column, tile) in tile.iter().enumerate() {
                            let c = &mut c[column * stride..][..ROWS];
                            for (c, &tile) in c.as_chunks_mut::<$lanes>().0.iter_mut().zip(tile) {
                                // SAFETY: the chunk has as many values as the vector.
                                unsafe {
                                    let value = match write {
                                        Write::Set => tile,
                                        Write::Add => $add($load(c.as_ptr()), tile),
                                    };
                                    $store(c.as_mut_ptr(), value);
                                }
                            }
                        }
                        return;
                    }
                    let mut values = [[0.0; ROWS]; $columns];
                    for (values, tile) in values.iter_mut().zip(&tile) {
                        let chunks = values.as_chunks_mut::<$lanes>().0;
                        for (values, &tile) in chunks.iter_mut().zip(tile) {
                            // SAFETY: the chunk has as many values as the vector.
                            unsafe { $store(values.as_mut_ptr(), tile) };
                        }
                    }
                    merge(values.as_flattened(), ROWS, c, stride, size, write);
                }

                // SAFETY: the kernel is only handed out where the feature was detected.
                unsafe { run(a, b, c, stride, size, write) }
            }
        };
    }

    microkernel!(
        avx512_f32,
        "avx512f",
        f32,
        __m512,
        16,
        2,
        8,
        _mm512_setzero_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_set1_ps,
        _mm512_add_ps,
        _mm512_fmadd_ps
    );
    microkernel!(
        avx512_f32_tail,
        "avx512f",
        f32,
        __m512,
        16,
        1,
        8,
        _mm512_setzero_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_set1_ps,
        _mm512_add_ps,
        _mm512_fmadd_ps
    );
    microkernel!(
        avx512_f64,
        "avx512f",
        f64,
        __m512d,
        8,
        2,
        8,
        _mm512_setzero_pd,
        _mm512_loadu_pd,
        _mm512_storeu_pd,
        _mm512_set1_pd,
        _mm512_add_pd,
        _mm512_fmadd_pd
    );
    microkernel!(
        avx512_f64_tail,
        "avx512f",
        f64,
        __m512d,
        8,
        1,
        8,
        _mm512_setzero_pd,
        _mm512_loadu_pd,
        _mm512_storeu_pd,
        _mm512_set1_pd,
        _mm512_add_pd,
        _mm512_fmadd_pd
    );
    microkernel!(
        avx2_f32,
        "avx2,fma",
        f32,
        __m256,
        8,
        3,
        4,
        _mm256_setzero_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_set1_ps,
        _mm256_add_ps,
        _mm256_fmadd_ps
    );
    microkernel!(
        avx2_f32_tail,
        "avx2,fma",
        f32,
        __m256,
        8,
        1,
        4,
        _mm256_setzero_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_set1_ps,
        _mm256_add_ps,
        _mm256_fmadd_ps
    );
    microkernel!(
        avx2_f64,
        "avx2,fma",
        f64,
        __m256d,
        4,
        3,
        4,
        _mm256_setzero_pd,
        _mm256_loadu_pd,
        _mm256_storeu_pd,
        _mm256_set1_pd,
        _mm256_add_pd,
        _mm256_fmadd_pd
    );
    microkernel!(
        avx2_f64_tail,
        "avx2,fma",
        f64,
        __m256d,
        4,
        1,
        4,
        _mm256_setzero_pd,
        _mm256_loadu_pd,
        _mm256_storeu_pd,
        _mm256_set1_pd,
        _mm256_add_pd,
        _mm256_fmadd_pd
    );

    /// The kernels of the machine's widest instructions, if it has any that are written here.
    macro_rules! best {
        ($name:ident, $lanes:literal, $wide:ident, $wide_tail:ident) => {
            pub(super) fn $name() -> Option<Tile<$name>> {
                if is_x86_feature_detected!("avx512f") {
                    return Some(Tile::new::<{ 2 * $lanes }, $lanes, 8>($wide, $wide_tail));
                }
                narrow::$name()
            }
        };
    }

    best!(f32, 16, avx512_f32, avx512_f32_tail);
    best!(f64, 8, avx512_f64, avx512_f64_tail);

    /// The kernels of 256-bit instructions.
    pub(super) mod narrow {
        use super::super::Tile;

        macro_rules! narrow {
            ($name:ident, $lanes:literal, $full:ident, $tail:ident) => {
                pub(in super::super) fn $name() -> Option<Tile<$name>> {
                    if !is_x86_feature_detected!("avx2") || !is_x86_feature_detected!("fma") {
                        return None;
                    }
                    Some(Tile::new::<{ 3 * $lanes }, $lanes, 4>(super::$full, super::$tail))
                }
            };
        }

        narrow!(f32, 8, avx2_f32, avx2_f32_tail);
        narrow!(f64, 4, avx2_f64, avx2_f64_tail);
    }
}

/// The best microkernels of this machine, by number type.
pub(super) mod tile_of {
    use super::{Tile, portable_tile};

    macro_rules! tile_of {
        ($name:ident) => {
            pub(in super::super) fn $name() -> Tile<$name> {
                #[cfg(target_arch = "x86_64")]
                if let Some(tile) = super::x86::$name() {
                    return tile;
                }
                portable_tile()
            }
        };
    }

    tile_of!(f32);
    tile_of!(f64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stream;

    /// All kernels that this machine can run.
    fn kernels() -> Vec<(&'static str, Tile<f64>)> {
        let mut all = vec![("portable", portable_tile())];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(x86::narrow::f64().map(|tile| ("avx2", tile)));
            all.extend(x86::f64().map(|tile| ("widest", tile)));
        }
        all
    }

    #[test]
    fn every_kernel_computes_every_size_of_tile() {
        let mut stream = Stream::new(1, "tile");
        for (name, tile) in kernels() {
            for (rows, run) in [(tile.a.width, tile.full), (tile.a_tail.width, tile.tail)] {
                let depth = 7;
                let mut numbers =
                    |len| (0..len).map(|_| stream.standard_normal()).collect::<Vec<_>>();
                let (a, b) = (numbers(rows * depth), numbers(tile.b.width * depth));
                for (height, width) in
                    (1..=rows).flat_map(|h| (1..=tile.b.width).map(move |w| (h, w)))
                {
                    for write in [Write::Set, Write::Add] {
                        let stride = rows + 3;
                        let mut c = vec![0.5; stride * tile.b.width];
                        run(&a, &b, &mut c, stride, (height, width), write);
                        for (i, &got) in c.iter().enumerate() {
                            let (row, column) = (i % stride, i / stride);
                            let sum: f64 = (0..depth)
                                .map(|p| {
                                    let a = a.get(p * rows + row).copied().unwrap_or(0.0);
                                    a * b[p * tile.b.width + column]
                                })
                                .sum();
                            let inside = row < height && column < width;
                            let before = if inside && write == Write::Set { 0.0 } else { 0.5 };
                            let want = before + if inside { sum } else { 0.0 };
                            assert!((got - want).abs() < 1e-13, "{name} {height}x{width}");
                        }
                    }
                }
            }
        }
    }
}
