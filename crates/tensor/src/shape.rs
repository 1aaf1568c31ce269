//! The extent of a tensor along each axis, batch first.

use std::fmt;

use crate::TensorError;

/// The largest number of axes that a [`Shape`] can have.
pub const MAX_AXES: usize = 6;

/// The extents of a tensor, batch first: `[samples, features]`, `[samples, channels, height, width]`.
///
/// A shape is a small `Copy` value. The empty shape `[]` is that of a scalar: one value.
///
/// ```
/// use evenkeel_tensor::Shape;
///
/// let images = Shape::from([32, 1, 8, 8]);
/// assert_eq!(images.samples(), 32);
/// assert_eq!(images.sample_len(), 64);
/// assert_eq!(images.to_string(), "[32, 1, 8, 8]");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Shape {
    dims: [usize; MAX_AXES],
    axes: usize,
}

impl Shape {
    /// The shape of a single value: no axes.
    pub const SCALAR: Self = Self { dims: [0; MAX_AXES], axes: 0 };

    /// A shape with the given extents.
    ///
    /// # Errors
    /// [`TensorError::TooManyAxes`] if there are more than [`MAX_AXES`] of them.
    pub fn new(dims: &[usize]) -> Result<Self, TensorError> {
        if dims.len() > MAX_AXES {
            return Err(TensorError::TooManyAxes { got: dims.len() });
        }
        Ok(Self::of(dims))
    }

    fn of(dims: &[usize]) -> Self {
        let mut shape = Self { dims: [0; MAX_AXES], axes: dims.len() };
        shape.dims[..dims.len()].copy_from_slice(dims);
        shape
    }

    /// The extents, one for each axis.
    pub fn dims(&self) -> &[usize] {
        &self.dims[..self.axes]
    }

    /// The number of axes.
    pub fn axes(&self) -> usize {
        self.axes
    }

    /// How many values a tensor of this shape holds: the product of the extents.
    pub fn len(&self) -> usize {
        self.dims().iter().product()
    }

    /// Whether a tensor of this shape holds no value, because some extent is zero.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of samples: the extent of the first axis, or 1 for a scalar.
    pub fn samples(&self) -> usize {
        self.dims().first().copied().unwrap_or(1)
    }

    /// How many values one sample has: the product of all extents but the first.
    pub fn sample_len(&self) -> usize {
        self.dims().iter().skip(1).product()
    }

    /// The shape of one sample: all axes but the first.
    pub fn sample(&self) -> Self {
        Self::of(self.dims().get(1..).unwrap_or(&[]))
    }

    /// The number of features: the extent of the last axis, or 1 for a scalar.
    pub fn features(&self) -> usize {
        self.dims().last().copied().unwrap_or(1)
    }

    /// This shape with the last axis replaced by `features`; `[features]` for a scalar.
    pub fn with_features(&self, features: usize) -> Self {
        let mut shape = *self;
        match shape.axes {
            0 => return Self::of(&[features]),
            n => shape.dims[n - 1] = features,
        }
        shape
    }

    /// The shape of a batch of `samples` items of this shape: one more axis, in front.
    ///
    /// # Errors
    /// [`TensorError::TooManyAxes`] if this shape already has [`MAX_AXES`] axes.
    pub fn batch(&self, samples: usize) -> Result<Self, TensorError> {
        if self.axes == MAX_AXES {
            return Err(TensorError::TooManyAxes { got: MAX_AXES + 1 });
        }
        let mut shape = Self { dims: [0; MAX_AXES], axes: self.axes + 1 };
        shape.dims[0] = samples;
        shape.dims[1..=self.axes].copy_from_slice(self.dims());
        Ok(shape)
    }

    /// This shape with another number of samples; a scalar stays as it is.
    pub fn with_samples(&self, samples: usize) -> Self {
        let mut shape = *self;
        if shape.axes > 0 {
            shape.dims[0] = samples;
        }
        shape
    }

    /// The extents of the nalgebra matrix that holds a tensor of this shape: (rows, columns).
    ///
    /// A vector `[n]` is a column, n × 1; anything longer has its samples in columns.
    pub(crate) fn matrix(&self) -> (usize, usize) {
        match self.dims() {
            [] => (1, 1),
            [n] => (*n, 1),
            _ => (self.sample_len(), self.samples()),
        }
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    /// Fails to compile for more than [`MAX_AXES`] axes.
    fn from(dims: [usize; N]) -> Self {
        const { assert!(N <= MAX_AXES, "a shape has at most 6 axes") };
        Self::of(&dims)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_shape() {
        let shape = Shape::from([5, 2, 3]);
        assert_eq!((shape.len(), shape.samples(), shape.sample_len()), (30, 5, 6));
        assert_eq!(shape.sample(), Shape::from([2, 3]));
        assert_eq!(shape.sample().batch(7).unwrap(), Shape::from([7, 2, 3]));
        assert_eq!(shape.with_features(4), Shape::from([5, 2, 4]));
        assert_eq!(shape.matrix(), (6, 5));
    }

    #[test]
    fn a_scalar_holds_one_value_and_a_zero_extent_none() {
        assert_eq!(Shape::SCALAR.len(), 1);
        assert!(!Shape::SCALAR.is_empty());
        assert!(Shape::from([3, 0]).is_empty());
        assert_eq!(Shape::from([4]).matrix(), (4, 1));
    }

    #[test]
    fn too_many_axes_are_refused() {
        let error = Shape::new(&[1; 7]).unwrap_err();
        assert_eq!(error.to_string(), "a shape has at most 6 axes, got 7");
        assert!(Shape::from([1; 6]).batch(2).is_err());
    }
}
