//! Matrices that products read: borrowed, plain or transposed, whole or in part.

/// A borrowed column-major matrix, as it is or transposed.
#[derive(Clone, Copy, Debug)]
pub struct MatRef<'a, T> {
    pub(super) data: &'a [T],
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) row_stride: usize,
    pub(super) col_stride: usize,
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

    /// A part of the matrix: so many rows and columns from these on.
    pub(super) fn block(self, row: usize, rows: usize, column: usize, columns: usize) -> Self {
        let start = row * self.row_stride + column * self.col_stride;
        let data = self.data.get(start..).unwrap_or_default();
        Self { data, rows, cols: columns, ..self }
    }
}
