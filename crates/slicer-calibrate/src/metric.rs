//! How much an error matters: S² = a·G + (1 − a)·I, with G = WᵀW of the weights W that read the tensor.

use crate::eigen::eigen;
use crate::{Error, Matrix};

/// The smallest share of the largest eigenvalue that still counts as invertible.
const TOLERANCE: f64 = 1e-10;

/// The square root of a metric and its inverse. Its volume is 1 (det S = 1), so that a quantiser step means the same
/// with every metric.
#[derive(Clone, Debug)]
pub struct Metric {
    root: Matrix,
    inverse: Matrix,
}

impl Metric {
    /// Every direction matters the same.
    pub fn identity(channels: usize) -> Self {
        Self {
            root: Matrix::identity(channels, channels),
            inverse: Matrix::identity(channels, channels),
        }
    }

    /// Mixes G, scaled to trace = channels, with the identity. `share` is a, 0…1; at 1 a G without full rank is
    /// [`Error::Singular`].
    pub fn from_gram(gram: &Matrix, share: f64) -> Result<Self, Error> {
        let channels = gram.nrows();
        if gram.ncols() != channels || channels == 0 || gram.iter().any(|x| !x.is_finite()) {
            return Err(Error::BadMetric);
        }
        if !(0.0..=1.0).contains(&share) {
            return Err(Error::BadOption);
        }
        let trace = gram.trace();
        let top = gram.diagonal().iter().fold(0.0_f64, |top, x| top.max(x.abs()));
        let even = (0..channels).all(|i| (0..i).all(|j| (gram[(i, j)] - gram[(j, i)]).abs() <= 1e-9 * top));
        if !even || trace <= 0.0 || gram.diagonal().iter().any(|&x| x < 0.0) {
            return Err(Error::BadMetric);
        }
        let scale = share * channels as f64 / trace;
        let mixed = Matrix::from_fn(channels, channels, |i, j| {
            scale * 0.5 * (gram[(i, j)] + gram[(j, i)]) + if i == j { 1.0 - share } else { 0.0 }
        });
        let found = eigen(mixed)?;
        // A Gram matrix has no negative eigenvalues beyond rounding.
        if found.values[channels - 1] < -1e-9 * found.values[0] {
            return Err(Error::BadMetric);
        }
        if found.values[channels - 1] <= TOLERANCE * found.values[0] {
            return Err(Error::Singular);
        }
        let volume = found.values.iter().map(|x| ln(*x)).sum::<f64>() / channels as f64;
        let power = |sign: f64| {
            let mut scaled = found.vectors.clone();
            for (i, &value) in found.values.iter().enumerate() {
                scaled.column_mut(i).scale_mut(exp(sign * 0.5 * (ln(value) - volume)));
            }
            let full = scaled * found.vectors.transpose();
            Matrix::from_fn(channels, channels, |i, j| 0.5 * (full[(i, j)] + full[(j, i)]))
        };
        Ok(Self {
            root: power(1.0),
            inverse: power(-1.0),
        })
    }

    /// S.
    pub fn root(&self) -> &Matrix {
        &self.root
    }

    /// S⁻¹.
    pub fn inverse(&self) -> &Matrix {
        &self.inverse
    }
}

/// nalgebra's own functions, which are the same in native and WASM builds, unlike those of the platform.
fn ln(x: f64) -> f64 {
    nalgebra::ComplexField::ln(x)
}

fn exp(x: f64) -> f64 {
    nalgebra::ComplexField::exp(x)
}
