//! Matrix products: the one place that decides how a product is cut and who multiplies.
//!
//! [`product`] computes C = A·B or C += A·B for column-major matrices, each operand plain or
//! transposed. Large products are cut into one panel of columns for each thread. The kernel sums
//! every value over k in the same order, wherever the value stands in its panel, so the result
//! has the same bits for any number of threads.

pub(crate) mod kernel;
mod pack;
mod tile;
mod vector;

use rayon::prelude::*;

use crate::Real;

/// Whether a result replaces what is there or is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Replace what is there.
    Set,
    /// Add to what is there.
    Add,
}

/// A borrowed column-major matrix, as it is or transposed.
#[derive(Clone, Copy, Debug)]
pub struct MatRef<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a, T: Copy> MatRef<'a, T> {
    /// The `rows` × `cols` matrix whose columns stand one after another in `data`.
    ///
    /// # Panics
    /// If `data` does not have `rows * cols` values.
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a {rows} x {cols} matrix needs {}", rows * cols);
        Self { data, rows, cols, row_stride: 1, col_stride: rows }
    }

    /// The transposed matrix; nothing is copied.
    #[must_use]
    pub fn t(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }

    /// The columns from `first` on, `count` of them.
    fn columns(self, first: usize, count: usize) -> Self {
        self.block(0, self.rows, first, count)
    }

    /// A part of the matrix: so many rows and columns from these on.
    fn block(self, row: usize, rows: usize, column: usize, columns: usize) -> Self {
        let start = row * self.row_stride + column * self.col_stride;
        let data = self.data.get(start..).unwrap_or_default();
        Self { data, rows, cols: columns, ..self }
    }
}

/// Products with fewer multiply-adds than this stay on the calling thread.
///
/// A core does about this much in the 20 µs that waking another one takes.
const PARALLEL_WORK: usize = 1 << 21;

/// The fewest columns of a panel. Each panel packs all of A again, which must pay.
const LEAST_COLUMNS: usize = 16;

/// Computes C = A·B ([`Write::Set`]) or C += A·B ([`Write::Add`]), all column-major.
///
/// A is m × k, B is k × n, and `c` holds the m × n result, column after column. In the
/// batch-first reading this is `c[n, m] = b[n, k] · a[k, m]`.
///
/// # Panics
/// If the sizes do not fit one another.
///
/// ```
/// use evenkeel_tensor::{MatRef, Write, product};
///
/// let a = MatRef::new(&[1.0, 2.0, 3.0, 4.0], 2, 2); // columns (1, 2) and (3, 4)
/// let mut c = [0.0; 4];
/// product(a, a.t(), Write::Set, &mut c);
/// assert_eq!(c, [10.0, 14.0, 14.0, 20.0]);
/// ```
pub fn product<T: Real>(a: MatRef<'_, T>, b: MatRef<'_, T>, write: Write, c: &mut [T]) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert_eq!(k, b.rows, "product: {m} x {k} times {} x {n}", b.rows);
    assert_eq!(c.len(), m * n, "product: a {m} x {n} result needs {} values", m * n);
    if m == 0 || n == 0 {
        return;
    }
    if n == 1 {
        return vector::multiply(a, b, write, c);
    }
    let columns = panel_columns(m * n * k, n, rayon::current_num_threads());
    let panel = |(i, c): (usize, &mut [T])| {
        kernel::multiply(a, b.columns(i * columns, c.len() / m), write, c);
    };
    if columns == n {
        panel((0, c));
    } else {
        c.par_chunks_mut(m * columns).enumerate().for_each(panel);
    }
}

/// How many columns a panel has, given all the work (in multiply-adds), all the columns and the
/// number of threads.
fn panel_columns(work: usize, n: usize, threads: usize) -> usize {
    let panels = if work < PARALLEL_WORK { 1 } else { threads.min(n / LEAST_COLUMNS) };
    if panels < 2 { n } else { n.div_ceil(panels).next_multiple_of(8) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn triple_loop(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Vec<f64> {
        let at = |x: MatRef<'_, f64>, i, j| x.data[i * x.row_stride + j * x.col_stride];
        let mut c = vec![0.0; a.rows * b.cols];
        for j in 0..b.cols {
            for i in 0..a.rows {
                c[i + j * a.rows] = (0..a.cols).map(|l| at(a, i, l) * at(b, l, j)).sum();
            }
        }
        c
    }

    fn numbers(len: usize, seed: u64) -> Vec<f64> {
        let mut stream = crate::Stream::new(seed, "numbers");
        (0..len).map(|_| stream.standard_normal()).collect()
    }

    proptest! {
        #[test]
        fn agrees_with_the_triple_loop(
            m in 0..70usize, n in 0..70usize, k in 0..40usize,
            ta: bool, tb: bool, add: bool,
        ) {
            let (da, db) = (numbers(m * k, 1), numbers(k * n, 2));
            let a = if ta { MatRef::new(&da, k, m).t() } else { MatRef::new(&da, m, k) };
            let b = if tb { MatRef::new(&db, n, k).t() } else { MatRef::new(&db, k, n) };
            let write = if add { Write::Add } else { Write::Set };
            let mut c = vec![if add { 0.5 } else { f64::NAN }; m * n];
            product(a, b, write, &mut c);
            let base = if add { 0.5 } else { 0.0 };
            for (got, want) in c.iter().zip(triple_loop(a, b)) {
                prop_assert!((got - base - want).abs() < 1e-12);
            }
            // In f32 the same product agrees to single precision.
            let (da, db): (Vec<f32>, Vec<f32>) =
                (da.iter().map(|&x| x as f32).collect(), db.iter().map(|&x| x as f32).collect());
            let a32 = if ta { MatRef::new(&da, k, m).t() } else { MatRef::new(&da, m, k) };
            let b32 = if tb { MatRef::new(&db, n, k).t() } else { MatRef::new(&db, k, n) };
            let mut c32 = vec![f32::NAN; m * n];
            product(a32, b32, Write::Set, &mut c32);
            for (got, want) in c32.iter().zip(triple_loop(a, b)) {
                prop_assert!((f64::from(*got) - want).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn panels_give_the_same_bits_on_any_number_of_threads() {
        let (m, n, k) = (131, 403, 97);
        let a: Vec<f32> = numbers(m * k, 3).iter().map(|&x| x as f32).collect();
        let b: Vec<f32> = numbers(k * n, 4).iter().map(|&x| x as f32).collect();
        assert!(panel_columns(m * n * k, n, 2) < n, "this product must be cut");
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut c = vec![0.0f32; m * n];
            pool.install(|| {
                product(MatRef::new(&a, m, k), MatRef::new(&b, k, n), Write::Set, &mut c);
            });
            c
        };
        let one = run(1);
        assert!([2, 3, 8].into_iter().all(|threads| run(threads) == one));
    }

    #[test]
    fn a_product_over_nothing_is_zero() {
        let mut c = [1.0f64; 4];
        product(MatRef::new(&[], 2, 0), MatRef::new(&[], 0, 2), Write::Set, &mut c);
        assert_eq!(c, [0.0; 4]);
    }

    #[test]
    #[should_panic(expected = "product: 2 x 3 times 2 x 2")]
    fn sizes_that_do_not_fit_are_named() {
        let (a, b) = ([0.0f32; 6], [0.0f32; 4]);
        product(MatRef::new(&a, 2, 3), MatRef::new(&b, 2, 2), Write::Set, &mut [0.0; 4]);
    }
}
