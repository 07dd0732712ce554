//! Eigenvalues and vectors of symmetric matrices, in a fixed order and with fixed signs.

use nalgebra::SymmetricEigen;

use crate::{Error, Matrix};

/// Eigenvalues in descending order and the vectors that belong to them, as columns. In each vector the entry of
/// largest magnitude (the first of several) is positive, so that equal inputs give equal transforms.
pub(crate) struct Eigen {
    pub values: Vec<f64>,
    pub vectors: Matrix,
}

/// Sweeps per eigenvalue before giving up; two or three are usual.
const SWEEPS: usize = 60;

pub(crate) fn eigen(matrix: Matrix) -> Result<Eigen, Error> {
    let size = matrix.nrows();
    if matrix.iter().any(|x| !x.is_finite()) {
        return Err(Error::NoConvergence);
    }
    let found = SymmetricEigen::try_new(matrix, f64::EPSILON, SWEEPS * size.max(8)).ok_or(Error::NoConvergence)?;
    let mut order: Vec<usize> = (0..size).collect();
    // A stable sort: equal values keep their order.
    order.sort_by(|&a, &b| found.eigenvalues[b].total_cmp(&found.eigenvalues[a]));
    let values: Vec<f64> = order.iter().map(|&i| found.eigenvalues[i]).collect();
    let mut vectors = Matrix::zeros(size, size);
    for (to, &from) in order.iter().enumerate() {
        let column = found.eigenvectors.column(from);
        let mut top = 0.0_f64;
        for &x in column.iter() {
            if x.abs() > top.abs() {
                top = x;
            }
        }
        let sign = if top < 0.0 { -1.0 } else { 1.0 };
        vectors.set_column(to, &(column * sign));
    }
    if values.iter().chain(vectors.iter()).any(|x| !x.is_finite()) {
        return Err(Error::NoConvergence);
    }
    Ok(Eigen { values, vectors })
}
