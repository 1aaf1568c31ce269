//! Matrix products: the one place that decides how a product is cut and who multiplies.
//!
//! [`product`] computes C = A·B or C += A·B for column-major matrices, each operand plain or
//! transposed; [`Product`] also says what goes before and after it. Large products are cut into one
//! part for each thread. The kernel sums every value over k in the same order, whatever part it is
//! in, so the result has the same bits for any number of threads.

mod cut;
pub(crate) mod kernel;
mod lanes;
mod matrix;
mod pack;
mod tile;
mod vector;

use crate::Real;
use crate::pieces::Pieces;
use kernel::{To, Whole};
use tile::Start;

pub use matrix::MatRef;

/// Whether a result replaces what is there or is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Replace what is there.
    Set,
    /// Add to what is there.
    Add,
}

/// What is done with finished values of a result while they are in the cache: given the index of
/// the first one in the result and consecutive ones. Called by several threads, once for every
/// value. It must not compute a product itself: the thread's packing buffers are in use.
pub type Then<'a, T> = dyn Fn(usize, &mut [T]) + Sync + 'a;

/// What is done with values that are not stored: given consecutive values of a result, and the
/// same places of the targets. It must not compute a product itself.
pub type Take<'a, T> = dyn Fn(&[T], &mut [&mut [T]]) + Sync + 'a;

/// The greatest k of a product whose values are [taken](Product::take).
pub const MOST_TAKEN: usize = kernel::BLOCK_DEPTH;

/// A product C = A·B with what goes before and after it.
///
/// ```
/// use evenkeel_tensor::matmul::{MatRef, Product};
///
/// // Y = max(W·x + b, 0)
/// let w = MatRef::new(&[1.0, 2.0, -3.0, -4.0], 2, 2); // columns (1, 2) and (-3, -4)
/// let x = MatRef::new(&[1.0, 1.0], 2, 1);
/// let mut y = [0.0; 2];
/// let relu = |_: usize, y: &mut [f64]| y.iter_mut().for_each(|y| *y = y.max(0.0));
/// Product::new(w, x).plus_rows(&[3.0, 1.0]).then(&relu).write(&mut y);
/// assert_eq!(y, [1.0, 0.0]);
/// ```
#[must_use = "nothing is computed before it is written"]
#[derive(Clone, Copy)]
pub struct Product<'a, T> {
    a: MatRef<'a, T>,
    b: MatRef<'a, T>,
    rows: Option<&'a [T]>,
    then: Option<&'a Then<'a, T>>,
}

impl<'a, T: Real> Product<'a, T> {
    /// The product of an m × k and a k × n matrix.
    ///
    /// # Panics
    /// If A has not as many columns as B has rows.
    pub fn new(a: MatRef<'a, T>, b: MatRef<'a, T>) -> Self {
        let (m, k, n) = (a.rows, a.cols, b.cols);
        assert_eq!(k, b.rows, "product: {m} x {k} times {} x {n}", b.rows);
        Self { a, b, rows: None, then: None }
    }

    /// Adds a number to each of the m rows, the same in all columns.
    ///
    /// # Panics
    /// If there are not m numbers.
    pub fn plus_rows(self, rows: &'a [T]) -> Self {
        let (m, n) = (self.a.rows, self.b.cols);
        assert_eq!(rows.len(), m, "product: a {m} x {n} result needs {m} values to add");
        Self { rows: Some(rows), ..self }
    }

    /// Hands finished values on while they are in the cache.
    pub fn then(self, then: &'a Then<'a, T>) -> Self {
        Self { then: Some(then), ..self }
    }

    /// Writes the m × n result to `c`, column after column.
    ///
    /// # Panics
    /// If `c` does not have m·n values.
    pub fn write(self, c: &mut [T]) {
        self.run(self.rows.map_or(Start::Zero, |rows| Start::Rows(rows.as_ptr())), c);
    }

    /// Adds the result to `c`.
    ///
    /// # Panics
    /// If `c` does not have m·n values, or if numbers are to be added to the rows.
    pub fn add(self, c: &mut [T]) {
        assert!(self.rows.is_none(), "product: numbers are added to rows that are written anew");
        self.run(Start::Existing, c);
    }

    /// Hands the values of the result on to `take` instead of storing them, together with the
    /// values of `targets` that stand in the same places: each of these slices has m·n values.
    /// Called by several threads, once for every value. So a gradient can change its parameter
    /// without ever being written to memory.
    ///
    /// # Panics
    /// If a target does not have m·n values, if k is above [`MOST_TAKEN`], or if the values are to
    /// be handed on as stored ones too.
    ///
    /// ```
    /// use evenkeel_tensor::matmul::{MatRef, Product};
    ///
    /// // W ← W − 0.1·dY·Xᵀ
    /// let (dy, x) = (MatRef::new(&[1.0, 2.0], 2, 1), MatRef::new(&[3.0], 1, 1));
    /// let mut w = [1.0, 1.0];
    /// Product::new(dy, x.t()).take(&mut [&mut w], &|gradient, targets| {
    ///     for (w, g) in targets[0].iter_mut().zip(gradient) {
    ///         *w -= 0.1 * g;
    ///     }
    /// });
    /// assert!((w[0] - 0.7f64).abs() < 1e-15 && (w[1] - 0.4).abs() < 1e-15);
    /// ```
    pub fn take(self, targets: &mut [&mut [T]], take: &Take<'_, T>) {
        let Self { a, b, rows, then } = self;
        let (m, k, n) = (a.rows, a.cols, b.cols);
        assert!(then.is_none(), "product: values that are taken are not stored");
        assert!(k <= MOST_TAKEN, "product: values over {k} cannot be taken, {MOST_TAKEN} at most");
        assert!(
            targets.iter().all(|target| target.len() == m * n),
            "product: targets of a {m} x {n} result need {} values",
            m * n
        );
        let start = rows.map_or(Start::Zero, |rows| Start::Rows(rows.as_ptr()));
        let targets = Pieces::new(targets);
        if m > 0 && n > 0 {
            cut::run(&Whole { a, b, start, result: To::Taken { targets: &targets, take } });
        }
    }

    fn run(self, start: Start<T>, c: &mut [T]) {
        let Self { a, b, then, .. } = self;
        let (m, n) = (a.rows, b.cols);
        assert_eq!(c.len(), m * n, "product: a {m} x {n} result needs {} values", m * n);
        if m == 0 || n == 0 {
            return;
        }
        cut::run(&Whole { a, b, start, result: To::Memory { c: c.as_mut_ptr(), then } });
    }
}

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
    let product = Product::new(a, b);
    match write {
        Write::Set => product.write(c),
        Write::Add => product.add(c),
    }
}

#[cfg(test)]
mod tests {
    #![allow(unsafe_code)]

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
            m in 0..140usize, n in 0..140usize, k in 0..70usize,
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

    /// Products of every way of being packed, cut and finished.
    const SHAPES: [(usize, usize, usize); 10] = [
        (131, 403, 97),
        (403, 131, 1100),
        (300, 130, 600),
        (1000, 1, 700),
        (1, 1000, 700),
        (65, 1, 900),
        (1, 3000, 5),
        (16, 2000, 33),
        (2000, 9, 33),
        (64, 128, 64),
    ];

    #[test]
    fn parts_give_the_same_bits_on_any_number_of_threads() {
        for (m, n, k) in SHAPES {
            let single = |numbers: Vec<f64>| numbers.iter().map(|&x| x as f32).collect::<Vec<_>>();
            let (a, b) = (single(numbers(m * k, 3)), single(numbers(k * n, 4)));
            for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
                let a = if ta { MatRef::new(&a, k, m).t() } else { MatRef::new(&a, m, k) };
                let b = if tb { MatRef::new(&b, n, k).t() } else { MatRef::new(&b, k, n) };
                let run = |threads, team| {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                    let mut c = vec![0.0f32; m * n];
                    pool.unwrap().install(|| match team {
                        true => crate::parallel::with_team(|| product(a, b, Write::Set, &mut c)),
                        false => product(a, b, Write::Set, &mut c),
                    });
                    c
                };
                let one = run(1, false);
                let ways = [(2, false), (3, false), (8, false), (2, true), (3, true), (8, true)];
                assert!(ways.into_iter().all(|(threads, team)| run(threads, team) == one));
                // And in whatever parts: one row or one column at a time.
                let mut c = vec![0.0f32; m * n];
                let start = Start::Zero;
                let result = To::Memory { c: c.as_mut_ptr(), then: None };
                let whole = Whole { a, b, start, result };
                if !vector::fits(&whole) {
                    for row in 0..m.min(40) {
                        // SAFETY: the part is a row of the result.
                        unsafe { whole.part(row..row + 1, 0..n) };
                    }
                    for column in 0..n {
                        // SAFETY: the part is a piece of a column of the result.
                        unsafe { whole.part(m.min(40)..m, column..column + 1) };
                    }
                    assert!(c == one, "{m} x {n} over {k}");
                }
            }
        }
    }

    #[test]
    fn every_value_is_handed_on_once_when_it_is_finished() {
        for (m, n, k) in SHAPES {
            let (a, b) = (numbers(m * k, 3), numbers(k * n, 4));
            let (a, b) = (MatRef::new(&a, m, k), MatRef::new(&b, k, n));
            let rows = numbers(m, 5);
            let mut want = vec![0.0; m * n];
            product(a, b, Write::Set, &mut want);
            for (i, want) in want.iter_mut().enumerate() {
                *want = -3.0 * (*want + rows[i % m]) + i as f64;
            }
            let then = |first: usize, values: &mut [f64]| {
                for (i, value) in values.iter_mut().enumerate() {
                    *value = -3.0 * *value + (first + i) as f64;
                }
            };
            for threads in [1, 2] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let mut c = vec![f64::NAN; m * n];
                let product = Product::new(a, b).plus_rows(&rows).then(&then);
                pool.install(|| crate::parallel::with_team(|| product.write(&mut c)));
                for (got, want) in c.iter().zip(&want) {
                    approx::assert_relative_eq!(*got, *want, max_relative = 1e-12, epsilon = 1e-10);
                }
            }
        }
    }

    #[test]
    fn values_are_taken_once_with_their_targets() {
        for (m, n, k) in SHAPES.into_iter().filter(|&(_, _, k)| k <= MOST_TAKEN) {
            let (a, b) = (numbers(m * k, 3), numbers(k * n, 4));
            let (a, b) = (MatRef::new(&a, m, k), MatRef::new(&b, k, n));
            let mut want = vec![0.0; m * n];
            product(a, b, Write::Set, &mut want);
            for threads in [1, 2] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let (mut one, mut two) = (vec![0.5; m * n], numbers(m * n, 5));
                let take = |values: &[f64], targets: &mut [&mut [f64]]| {
                    let [one, two] = targets else { panic!("two targets") };
                    for ((value, one), two) in values.iter().zip(&mut **one).zip(&mut **two) {
                        *one += value;
                        *two -= value;
                    }
                };
                pool.install(|| {
                    crate::parallel::with_team(|| {
                        Product::new(a, b).take(&mut [&mut one, &mut two], &take);
                    });
                });
                for (i, before) in numbers(m * n, 5).into_iter().enumerate() {
                    approx::assert_relative_eq!(one[i], 0.5 + want[i], epsilon = 1e-11);
                    approx::assert_relative_eq!(two[i], before - want[i], epsilon = 1e-11);
                }
            }
        }
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
