//! The channel transform: coefficients = Uᵀ·S·(x − mean), U the eigenvectors of S·cov·S in descending order.

use crate::eigen::eigen;
use crate::{Error, Matrix, Metric, Moments};

/// Options of [`Transform::fit`].
#[derive(Clone, Copy, Debug, Default)]
pub struct TransformOptions {
    /// Coefficients to keep, from the largest variance down; `None`: all, and the transform is invertible.
    pub rank: Option<usize>,
    /// Intensity of the covariance's shrinkage, 0…1; `None`: as [`Moments::shrinkage`] estimates it.
    pub shrinkage: Option<f64>,
}

/// A channel transform and the statistics of its coefficients.
#[derive(Clone, Debug)]
pub struct Transform {
    /// T = Uᵀ·S, rank × channels.
    pub forward: Matrix,
    /// S⁻¹·U, channels × rank; forward · inverse is the identity.
    pub inverse: Matrix,
    /// Standard deviation of each coefficient.
    pub sigma: Vec<f64>,
    /// The shrinkage that was used.
    pub shrinkage: f64,
    /// Share of the weighted variance in the coefficients that are kept.
    pub kept: f64,
}

impl Transform {
    /// The transform for what was seen under a metric.
    pub fn fit(moments: &Moments, metric: &Metric, options: TransformOptions) -> Result<Self, Error> {
        let channels = moments.channels();
        let rank = options.rank.unwrap_or(channels);
        let shrinkage = options.shrinkage.unwrap_or_else(|| moments.shrinkage());
        if rank == 0 || rank > channels || !(0.0..=1.0).contains(&shrinkage) {
            return Err(Error::BadOption);
        }
        if metric.root().nrows() != channels {
            return Err(Error::BadMetric);
        }
        let plane = if moments.rows() == 0 {
            1
        } else {
            (moments.positions() / moments.rows() as f64) as usize
        };
        let need = Moments::rows_needed(channels, plane, true);
        if moments.rows() < need {
            return Err(Error::TooFew {
                have: moments.rows(),
                need,
            });
        }
        let weighted = metric.root() * moments.shrunk(shrinkage) * metric.root();
        let found = eigen(symmetric(&weighted))?;
        let total: f64 = found.values.iter().map(|x| x.max(0.0)).sum();
        let kept: f64 = found.values[..rank].iter().map(|x| x.max(0.0)).sum();
        let basis = found.vectors.columns(0, rank);
        let forward = basis.transpose() * metric.root();
        let inverse = metric.inverse() * basis;
        // Of the covariance as it was seen: shrinkage steadies directions, but it lifts the smallest variances.
        let spread = &forward * moments.covariance();
        let sigma = (0..rank)
            .map(|i| spread.row(i).dot(&forward.row(i)).max(0.0).sqrt())
            .collect();
        Ok(Self {
            forward,
            inverse,
            sigma,
            shrinkage,
            kept: if total > 0.0 { kept / total } else { 1.0 },
        })
    }
}

fn symmetric(matrix: &Matrix) -> Matrix {
    Matrix::from_fn(matrix.nrows(), matrix.ncols(), |i, j| {
        0.5 * (matrix[(i, j)] + matrix[(j, i)])
    })
}
