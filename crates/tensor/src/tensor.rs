//! A batch of numbers: a nalgebra matrix whose columns are samples, with a batch-first shape.

use nalgebra::{DMatrix, DVector, Dyn};

use crate::{MatRef, Real, Shape, TensorError, Write, parallel, product};

/// A dense tensor, read in two ways at once.
///
/// | reading | who reads so | a batch | a dense weight | the product |
/// |---|---|---|---|---|
/// | nalgebra, textbooks | column-major matrices | `X` is features × N | `W` is out × in | `Y = W·X + b` |
/// | array libraries | row-major, batch first | `x` is `[N, features]` | `w` is `[in, out]` | `y = x·w + b` |
///
/// A row-major `[N, features]` array *is* the features × N column-major matrix: the same bytes.
/// So conversions to and from [`DMatrix`] and [`DVector`] copy nothing, and sample `i` is column
/// `i`. Shapes are stated batch-first everywhere else in the documentation.
///
/// ```
/// use evenkeel_tensor::{Tensor, nalgebra::DMatrix};
///
/// let matrix = DMatrix::from_column_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// let tensor = Tensor::from_matrix(matrix);
/// assert_eq!(tensor.shape().dims(), &[3, 2]); // three samples of two features
/// assert_eq!(tensor.sample(2), &[5.0, 6.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<T: Real = f32> {
    matrix: DMatrix<T>,
    shape: Shape,
}

impl<T: Real> Default for Tensor<T> {
    /// A tensor of no values, of shape `[0]`; it takes no memory.
    fn default() -> Self {
        Self::zeros([0])
    }
}

impl<T: Real> Tensor<T> {
    /// A tensor of this shape filled with `value`.
    pub fn full(shape: impl Into<Shape>, value: T) -> Self {
        let shape = shape.into();
        let (rows, cols) = shape.matrix();
        Self { matrix: DMatrix::from_element(rows, cols, value), shape }
    }

    /// A tensor of this shape filled with zeros.
    pub fn zeros(shape: impl Into<Shape>) -> Self {
        Self::full(shape, T::ZERO)
    }

    /// A tensor of one value, of shape `[]`.
    pub fn scalar(value: T) -> Self {
        Self::full(Shape::SCALAR, value)
    }

    /// A tensor of this shape made of `values`, in row-major, batch-first order. Copies nothing.
    ///
    /// # Errors
    /// [`TensorError::Length`] if the number of values is not that of the shape.
    pub fn from_vec(shape: impl Into<Shape>, values: Vec<T>) -> Result<Self, TensorError> {
        let shape = shape.into();
        if values.len() != shape.len() {
            return Err(TensorError::Length { shape, got: values.len() });
        }
        let (rows, cols) = shape.matrix();
        Ok(Self { matrix: DMatrix::from_vec(rows, cols, values), shape })
    }

    /// A batch from a matrix whose columns are samples: features × N becomes `[N, features]`.
    /// Copies nothing.
    pub fn from_matrix(matrix: DMatrix<T>) -> Self {
        let shape = Shape::from([matrix.ncols(), matrix.nrows()]);
        Self { matrix, shape }
    }

    /// A tensor of shape `[n]` from a vector of n values. Copies nothing.
    pub fn from_vector(vector: DVector<T>) -> Self {
        let n = vector.len();
        Self { matrix: vector.reshape_generic(Dyn(n), Dyn(1)), shape: Shape::from([n]) }
    }

    /// The matrix inside, samples in columns. Copies nothing.
    pub fn into_matrix(self) -> DMatrix<T> {
        self.matrix
    }

    /// The values, in row-major, batch-first order. Copies nothing.
    pub fn into_vec(self) -> Vec<T> {
        self.matrix.data.into()
    }

    /// The matrix inside, samples in columns.
    pub fn matrix(&self) -> &DMatrix<T> {
        &self.matrix
    }

    /// The batch-first shape.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.matrix.len()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.matrix.is_empty()
    }

    /// The values, in row-major, batch-first order.
    pub fn as_slice(&self) -> &[T] {
        self.matrix.as_slice()
    }

    /// The values, for writing.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.matrix.as_mut_slice()
    }

    /// The values of sample `index`.
    ///
    /// # Panics
    /// If there are not that many samples.
    pub fn sample(&self, index: usize) -> &[T] {
        let (samples, len) = (self.shape.samples(), self.shape.sample_len());
        assert!(index < samples, "sample {index} of a tensor of shape {}", self.shape);
        &self.as_slice()[index * len..][..len]
    }

    /// The same values in another shape. Copies nothing.
    ///
    /// # Errors
    /// [`TensorError::Length`] if the shape holds another number of values.
    pub fn reshape(self, shape: impl Into<Shape>) -> Result<Self, TensorError> {
        Self::from_vec(shape, self.into_vec())
    }

    /// Copies the named samples, in that order, into `target`.
    ///
    /// # Panics
    /// If an index is past the end, or `target` does not have the shape of that many samples.
    pub fn gather_into(&self, samples: &[usize], target: &mut Self) {
        let want = self.shape.with_samples(samples.len());
        assert_eq!(target.shape, want, "gather: the target must have shape {want}");
        let len = self.shape.sample_len();
        if len == 0 {
            return;
        }
        for (to, &from) in target.as_mut_slice().chunks_exact_mut(len).zip(samples) {
            to.copy_from_slice(self.sample(from));
        }
    }

    /// The named samples, in that order.
    ///
    /// # Panics
    /// If an index is past the end.
    pub fn gather(&self, samples: &[usize]) -> Self {
        let mut target = Self::zeros(self.shape.with_samples(samples.len()));
        self.gather_into(samples, &mut target);
        target
    }

    /// `f` of every value.
    pub fn map(&self, f: impl Fn(T) -> T + Sync) -> Self {
        let mut result = Self::zeros(self.shape);
        parallel::map(self.as_slice(), result.as_mut_slice(), f);
        result
    }

    /// Every value converted to another number type.
    pub fn cast<U: Real>(&self) -> Tensor<U> {
        Tensor { matrix: self.matrix.map(|x| U::of(x.to_f64())), shape: self.shape }
    }

    /// The sum of all values.
    pub fn sum(&self) -> T {
        parallel::sum(self.as_slice())
    }

    /// The mean of all values; NaN if there are none.
    pub fn mean(&self) -> T {
        self.sum() / T::of(self.len() as f64)
    }

    /// The mean squared distance from the mean, over all values (divided by n, not n − 1).
    pub fn variance(&self) -> T {
        let mean = self.mean();
        parallel::sum_of(self.as_slice(), |x| (x - mean) * (x - mean)) / T::of(self.len() as f64)
    }

    /// Whether every value is finite.
    pub fn is_finite(&self) -> bool {
        parallel::all_finite(self.as_slice())
    }

    /// The product `self · other`: `[N, K] · [K, M]` gives `[N, M]`.
    ///
    /// # Errors
    /// [`TensorError::Mismatch`] if either is not a matrix or the inner extents differ.
    pub fn matmul(&self, other: &Self) -> Result<Self, TensorError> {
        const WHAT: &str = "matmul";
        let ((n, k), (k2, m)) = (self.extents(other, WHAT)?, other.extents(self, WHAT)?);
        self.fits(other, k, k2, WHAT)?;
        Ok(multiply((n, m), other.mat(), self.mat()))
    }

    /// The product `selfᵀ · other`: `[K, N]` and `[K, M]` give `[N, M]`.
    ///
    /// # Errors
    /// [`TensorError::Mismatch`] if either is not a matrix or the first extents differ.
    pub fn transposed_matmul(&self, other: &Self) -> Result<Self, TensorError> {
        const WHAT: &str = "transposed_matmul";
        let ((k, n), (k2, m)) = (self.extents(other, WHAT)?, other.extents(self, WHAT)?);
        self.fits(other, k, k2, WHAT)?;
        Ok(multiply((n, m), other.mat(), self.mat().t()))
    }

    /// The product `self · otherᵀ`: `[N, K]` and `[M, K]` give `[N, M]`.
    ///
    /// # Errors
    /// [`TensorError::Mismatch`] if either is not a matrix or the last extents differ.
    pub fn matmul_transposed(&self, other: &Self) -> Result<Self, TensorError> {
        const WHAT: &str = "matmul_transposed";
        let ((n, k), (m, k2)) = (self.extents(other, WHAT)?, other.extents(self, WHAT)?);
        self.fits(other, k, k2, WHAT)?;
        Ok(multiply((n, m), other.mat().t(), self.mat()))
    }

    fn mat(&self) -> MatRef<'_, T> {
        MatRef::new(self.as_slice(), self.matrix.nrows(), self.matrix.ncols())
    }

    fn extents(&self, other: &Self, op: &'static str) -> Result<(usize, usize), TensorError> {
        match *self.shape.dims() {
            [rows, cols] => Ok((rows, cols)),
            _ => Err(self.mismatch(other, op, "both must have two axes")),
        }
    }

    fn fits(&self, other: &Self, k: usize, k2: usize, op: &'static str) -> Result<(), TensorError> {
        if k == k2 {
            return Ok(());
        }
        Err(self.mismatch(other, op, "the extents that are summed over differ"))
    }

    fn mismatch(&self, other: &Self, operation: &'static str, reason: &'static str) -> TensorError {
        TensorError::Mismatch { operation, left: self.shape, right: other.shape, reason }
    }
}

fn multiply<T: Real>((n, m): (usize, usize), a: MatRef<'_, T>, b: MatRef<'_, T>) -> Tensor<T> {
    let mut result = Tensor::zeros([n, m]);
    product(a, b, Write::Set, result.as_mut_slice());
    result
}

impl<T: Real> From<DMatrix<T>> for Tensor<T> {
    fn from(matrix: DMatrix<T>) -> Self {
        Self::from_matrix(matrix)
    }
}

impl<T: Real> From<DVector<T>> for Tensor<T> {
    fn from(vector: DVector<T>) -> Self {
        Self::from_vector(vector)
    }
}

impl<T: Real> From<Tensor<T>> for DMatrix<T> {
    fn from(tensor: Tensor<T>) -> Self {
        tensor.into_matrix()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_keep_the_same_memory() {
        let matrix = DMatrix::<f32>::from_fn(4, 3, |i, j| (10 * i + j) as f32);
        let address = matrix.as_ptr();
        let tensor = Tensor::from(matrix).reshape([3, 2, 2]).unwrap();
        assert_eq!(tensor.as_slice().as_ptr(), address);
        let values = tensor.into_vec();
        assert_eq!(values.as_ptr(), address);
        let vector = DVector::from_vec(values);
        assert_eq!(Tensor::from(vector).into_matrix().as_ptr(), address);
    }

    #[test]
    fn the_three_products_agree_with_nalgebra() {
        let a = DMatrix::<f64>::from_fn(3, 5, |i, j| (i as f64 - 1.0) * (j as f64 + 0.5));
        let b = DMatrix::<f64>::from_fn(5, 4, |i, j| (i * j) as f64 - 2.0);
        // Batch-first `x·y` is the matrix product Y·X of what is inside.
        let (x, y) = (Tensor::from(b.clone()), Tensor::from(a.clone()));
        assert_eq!(x.matmul(&y).unwrap().into_matrix(), &a * &b);
        let xt = Tensor::from(b.transpose());
        assert_eq!(xt.transposed_matmul(&y).unwrap().into_matrix(), &a * &b);
        let yt = Tensor::from(a.transpose());
        assert_eq!(x.matmul_transposed(&yt).unwrap().into_matrix(), &a * &b);
    }

    #[test]
    fn misfits_are_named() {
        let error = Tensor::<f32>::from_vec([2, 3], vec![0.0; 5]).unwrap_err();
        assert_eq!(error.to_string(), "shape [2, 3] holds 6 values, got 5");
        let (a, b) = (Tensor::<f32>::zeros([2, 3]), Tensor::zeros([2, 3]));
        assert_eq!(
            a.matmul(&b).unwrap_err().to_string(),
            "matmul: [2, 3] and [2, 3] do not fit: the extents that are summed over differ"
        );
    }

    #[test]
    fn statistics_of_known_values() {
        let x = Tensor::from_vec([4], vec![1.0f64, 2.0, 3.0, 6.0]).unwrap();
        assert_eq!((x.sum(), x.mean(), x.variance()), (12.0, 3.0, 3.5));
        assert_eq!(x.gather(&[3, 0]).as_slice(), &[6.0, 1.0]);
    }
}
