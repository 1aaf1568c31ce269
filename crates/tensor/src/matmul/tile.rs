//! Microkernels: a tile of the result computed in registers.
//!
//! The kernel is written once, for any register and any extent of the tile, and compiled for each
//! instruction set; the portable one is plain Rust, and what the others are tested against. Each
//! value of the tile is summed over the depth in order, in one running sum.
#![allow(unsafe_code)]

use super::lanes::{Four, Lanes};
use crate::Real;

/// What a tile's sums are added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start<T> {
    /// Nothing: they replace what is there.
    Zero,
    /// What is there.
    Existing,
    /// A number for each row, the same in all columns.
    Rows(*const T),
}

/// A tile to compute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job<T> {
    pub(super) depth: usize,
    /// The rows of A, one after another, and the distance from one column to the next.
    pub(super) a: *const T,
    pub(super) a_column: usize,
    /// B, and the distances from one row to the next and from one column to the next.
    pub(super) b: *const T,
    pub(super) b_row: usize,
    pub(super) b_column: usize,
    /// The tile's place in the result, and the distance from one column to the next.
    pub(super) c: *mut T,
    pub(super) c_column: usize,
    pub(super) start: Start<T>,
    /// How many rows and columns the tile has.
    pub(super) rows: usize,
    pub(super) columns: usize,
}

/// The products of the rows of a matrix with a vector, to be added to `c`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dots<T> {
    pub(super) matrix: *const T,
    /// The distance from one row to the next; the values of a row are contiguous.
    pub(super) row: usize,
    pub(super) vector: *const T,
    pub(super) len: usize,
    pub(super) c: *mut T,
    pub(super) rows: usize,
}

type Run<T> = unsafe fn(&Job<T>);

/// The microkernels of one instruction set.
#[derive(Clone, Copy, Debug)]
pub struct Tile<T: 'static> {
    /// How many rows a register holds, and how many rows and columns a tile has at most.
    pub(super) lanes: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// How many columns a tile has at most whose rows are in a single register.
    pub(super) flat_columns: usize,
    /// The products of rows with a vector.
    pub(super) dots: unsafe fn(&Dots<T>),
    /// By columns − 1, then by registers − 1 (with full ones, then with the last one in part).
    kernels: &'static [&'static [[Run<T>; 2]]],
}

impl<T: Real> Tile<T> {
    /// Computes a tile of at least one row and column.
    ///
    /// # Safety
    /// All values of A, B and C that the job names exist; those of C are written by nobody else
    /// and not read by anybody.
    #[inline(always)]
    pub(super) unsafe fn run(&self, job: &Job<T>) {
        let vectors = job.rows.div_ceil(self.lanes);
        let part = usize::from(!job.rows.is_multiple_of(self.lanes));
        // SAFETY: the kernel was handed out only where its instructions were detected.
        unsafe { self.kernels[job.columns - 1][vectors - 1][part](job) }
    }
}

/// The kernel for `V` registers, the last of them in part if `PART`, by `N` columns.
///
/// # Safety
/// As [`Tile::run`]; the machine has the instructions of `S`, and the job is of this extent.
#[inline(always)]
unsafe fn kernel<S: Lanes, const V: usize, const N: usize, const PART: bool>(job: &Job<S::Value>) {
    let mask = S::mask(job.rows - (V - 1) * S::LANES);
    let partial = |v: usize| PART && v + 1 == V;
    // SAFETY: reads and writes only what the job names: the first `rows` of every column of A and
    // C, by the mask, and `N` columns of B and C. Addresses behind the last one are computed, but
    // not used.
    unsafe {
        let load = |from: *const S::Value, v: usize| match partial(v) {
            true => S::load_part(from.add(v * S::LANES), mask),
            false => S::load(from.add(v * S::LANES)),
        };
        let mut sums = [[S::zero(); V]; N];
        let (mut a, mut b) = (job.a, job.b);
        for _ in 0..job.depth {
            let mut rows = [S::zero(); V];
            for (v, row) in rows.iter_mut().enumerate() {
                *row = load(a, v);
            }
            for (column, sums) in sums.iter_mut().enumerate() {
                let factor = S::spread(*b.add(column * job.b_column));
                for (sum, &row) in sums.iter_mut().zip(&rows) {
                    *sum = row.mul_add(factor, *sum);
                }
            }
            a = a.wrapping_add(job.a_column);
            b = b.wrapping_add(job.b_row);
        }
        for (column, sums) in sums.iter().enumerate() {
            let c = job.c.add(column * job.c_column);
            for (v, &sum) in sums.iter().enumerate() {
                let value = match job.start {
                    Start::Zero => sum,
                    Start::Existing => load(c, v).add(sum),
                    Start::Rows(rows) => load(rows, v).add(sum),
                };
                match partial(v) {
                    true => value.store_part(c.add(v * S::LANES), mask),
                    false => value.store(c.add(v * S::LANES)),
                }
            }
        }
    }
}

/// The products of rows with a vector, `AT_ONCE` rows at a time. Each row is summed in as many
/// running sums as a register holds, whichever rows are its neighbours.
///
/// # Safety
/// The machine has the instructions of `S`, and all that the job names exists.
#[inline(always)]
unsafe fn dot_products<S: Lanes>(job: &Dots<S::Value>) {
    const AT_ONCE: usize = 8;
    let whole = job.rows / AT_ONCE * AT_ONCE;
    // SAFETY: reads `len` values of each row and of the vector, and adds to `rows` values of `c`.
    unsafe {
        for row in (0..whole).step_by(AT_ONCE) {
            dot_rows::<S, AT_ONCE>(job, row);
        }
        for row in whole..job.rows {
            dot_rows::<S, 1>(job, row);
        }
    }
}

/// `N` of these products.
///
/// # Safety
/// As [`dot_products`], for the rows from `first` on.
#[inline(always)]
unsafe fn dot_rows<S: Lanes, const N: usize>(job: &Dots<S::Value>, first: usize) {
    let whole = job.len / S::LANES * S::LANES;
    // SAFETY: as the caller says.
    unsafe {
        let rows: [*const S::Value; N] =
            std::array::from_fn(|i| job.matrix.add((first + i) * job.row));
        let mut sums = [S::zero(); N];
        for k in (0..whole).step_by(S::LANES) {
            let factor = S::load(job.vector.add(k));
            for (sum, row) in sums.iter_mut().zip(rows) {
                *sum = S::load(row.add(k)).mul_add(factor, *sum);
            }
        }
        if whole < job.len {
            let mask = S::mask(job.len - whole);
            let factor = S::load_part(job.vector.add(whole), mask);
            for (sum, row) in sums.iter_mut().zip(rows) {
                *sum = S::load_part(row.add(whole), mask).mul_add(factor, *sum);
            }
        }
        for (i, sum) in sums.into_iter().enumerate() {
            *job.c.add(first + i) += sum.sum();
        }
    }
}

/// The kernels of a function that enables an instruction set, for tiles of so many registers by
/// so many columns, as many as the machine's registers hold; twice as many columns for one.
macro_rules! kernels {
    ($run:ident, 2 x 8) => {
        kernels!($run, [two: 1 2 3 4 5 6 7 8] [one: 9 10 11 12 13 14 15 16])
    };
    ($run:ident, 2 x 4) => { kernels!($run, [two: 1 2 3 4] [one: 5 6 7 8]) };
    ($run:ident, 3 x 4) => { kernels!($run, [three: 1 2 3 4] [one: 5 6 7 8]) };
    ($run:ident, $([$vectors:ident: $($columns:literal)*])*) => {
        &[$($(&kernels!($run, $vectors, $columns) as &[_],)*)*]
    };
    ($run:ident, one, $n:literal) => { [[$run::<1, $n, false>, $run::<1, $n, true>]] };
    ($run:ident, two, $n:literal) => {
        [
            [$run::<1, $n, false>, $run::<1, $n, true>],
            [$run::<2, $n, false>, $run::<2, $n, true>],
        ]
    };
    ($run:ident, three, $n:literal) => {
        [
            [$run::<1, $n, false>, $run::<1, $n, true>],
            [$run::<2, $n, false>, $run::<2, $n, true>],
            [$run::<3, $n, false>, $run::<3, $n, true>],
        ]
    };
}

macro_rules! portable {
    ($name:ident, $value:ident) => {
        /// The portable microkernels.
        pub(super) fn $name() -> Tile<$value> {
            unsafe fn run<const V: usize, const N: usize, const PART: bool>(job: &Job<$value>) {
                // SAFETY: as the caller says; plain Rust runs everywhere.
                unsafe { kernel::<Four<$value>, V, N, PART>(job) }
            }
            unsafe fn dots(job: &Dots<$value>) {
                // SAFETY: as above.
                unsafe { dot_products::<Four<$value>>(job) }
            }
            let kernels = kernels!(run, 2 x 4);
            Tile { lanes: 4, rows: 8, columns: 4, flat_columns: 8, dots, kernels }
        }
    };
}

pub(super) mod portable {
    use super::*;

    portable!(f32, f32);
    portable!(f64, f64);
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use std::arch::x86_64::*;

    use super::*;

    macro_rules! x86 {
        ($name:ident, $value:ident, $vector:ident, $features:literal, $vectors:tt x $columns:tt,
         $has:expr) => {
            pub(in crate::matmul) fn $name() -> Option<Tile<$value>> {
                #[target_feature(enable = $features)]
                unsafe fn run<const V: usize, const N: usize, const PART: bool>(job: &Job<$value>) {
                    // SAFETY: as the caller says; the instructions are enabled.
                    unsafe { kernel::<$vector, V, N, PART>(job) }
                }
                #[target_feature(enable = $features)]
                unsafe fn dots(job: &Dots<$value>) {
                    // SAFETY: as above.
                    unsafe { dot_products::<$vector>(job) }
                }
                let lanes = <$vector as Lanes>::LANES;
                let (rows, columns, flat_columns) = ($vectors * lanes, $columns, 2 * $columns);
                let kernels = kernels!(run, $vectors x $columns);
                $has.then_some(Tile { lanes, rows, columns, flat_columns, dots, kernels })
            }
        };
    }

    fn has_avx2() -> bool {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
    }

    x86!(avx512_f32, f32, __m512, "avx512f", 2 x 8, is_x86_feature_detected!("avx512f"));
    x86!(avx512_f64, f64, __m512d, "avx512f", 2 x 8, is_x86_feature_detected!("avx512f"));
    x86!(avx2_f32, f32, __m256, "avx2,fma", 3 x 4, has_avx2());
    x86!(avx2_f64, f64, __m256d, "avx2,fma", 3 x 4, has_avx2());
}

/// The best microkernels of this machine, by number type.
macro_rules! best {
    ($name:ident, $value:ident, $avx512:ident, $avx2:ident) => {
        pub(super) fn $name() -> Tile<$value> {
            #[cfg(target_arch = "x86_64")]
            if let Some(tile) = x86::$avx512().or_else(x86::$avx2) {
                return tile;
            }
            portable::$value()
        }
    };
}

best!(best_f32, f32, avx512_f32, avx2_f32);
best!(best_f64, f64, avx512_f64, avx2_f64);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stream;

    /// All kernels that this machine can run.
    fn kernels() -> Vec<(&'static str, Tile<f64>)> {
        let mut all = vec![("portable", portable::f64())];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(x86::avx2_f64().map(|tile| ("avx2", tile)));
            all.extend(x86::avx512_f64().map(|tile| ("avx512", tile)));
        }
        all
    }

    /// Every kernel computes every size of tile, writes nothing beside it, and reads no value
    /// that does not belong to it (the arrays end with the last one).
    #[test]
    fn every_size_of_tile_is_computed() {
        let mut stream = Stream::new(1, "tile");
        let mut numbers = |len| (0..len).map(|_| stream.standard_normal()).collect::<Vec<f64>>();
        for (name, tile) in kernels() {
            let columns = |m| if m > tile.lanes { tile.columns } else { tile.flat_columns };
            for (rows, columns, depth) in (1..=tile.rows)
                .flat_map(|m| (1..=columns(m)).map(move |n| (m, n)))
                .flat_map(|(m, n)| [1, 7].map(|k| (m, n, k)))
            {
                let (a_column, c_column) = (rows + 1, rows + 3);
                let a = numbers((depth - 1) * a_column + rows);
                let start_rows = numbers(rows);
                for (b_row, b_column) in [(1, depth + 2), (columns + 2, 1)] {
                    let b = numbers((depth - 1) * b_row + (columns - 1) * b_column + 1);
                    let starts = [Start::Zero, Start::Existing, Start::Rows(start_rows.as_ptr())];
                    for start in starts {
                        let mut c = vec![0.5; (columns - 1) * c_column + rows];
                        let job = Job {
                            depth,
                            a: a.as_ptr(),
                            a_column,
                            b: b.as_ptr(),
                            b_row,
                            b_column,
                            c: c.as_mut_ptr(),
                            c_column,
                            start,
                            rows,
                            columns,
                        };
                        // SAFETY: the arrays have been made for this job.
                        unsafe { tile.run(&job) };
                        for (i, &got) in c.iter().enumerate() {
                            let (row, column) = (i % c_column, i / c_column);
                            let term =
                                |k: usize| a[k * a_column + row] * b[k * b_row + column * b_column];
                            let want = match start {
                                _ if row >= rows => 0.5,
                                Start::Zero => (0..depth).map(term).sum(),
                                Start::Existing => 0.5 + (0..depth).map(term).sum::<f64>(),
                                Start::Rows(_) => {
                                    start_rows[row] + (0..depth).map(term).sum::<f64>()
                                }
                            };
                            assert!((got - want).abs() < 1e-13, "{name} {rows}x{columns}x{depth}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_length_of_row_is_multiplied() {
        let mut stream = Stream::new(2, "tile");
        let mut numbers = |len| (0..len).map(|_| stream.standard_normal()).collect::<Vec<f64>>();
        for (name, tile) in kernels() {
            for (rows, len) in [1, 7, 8, 19].into_iter().flat_map(|m| (0..40).map(move |k| (m, k)))
            {
                let row = len + 1;
                let (matrix, vector) = (numbers((rows - 1) * row + len), numbers(len));
                let mut c = vec![0.5; rows];
                let job = Dots {
                    matrix: matrix.as_ptr(),
                    row,
                    vector: vector.as_ptr(),
                    len,
                    c: c.as_mut_ptr(),
                    rows,
                };
                // SAFETY: the arrays have been made for this job.
                unsafe { (tile.dots)(&job) };
                for (i, got) in c.iter().enumerate() {
                    let terms = matrix[i * row..].iter().zip(&vector).map(|(a, b)| a * b);
                    let want = 0.5 + terms.sum::<f64>();
                    assert!((got - want).abs() < 1e-13, "{name} {rows}x{len}");
                }
            }
        }
    }
}
