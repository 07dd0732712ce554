//! How far the entries of a covariance can be trusted: their variance between independent rows.

use crate::Error;
use crate::moments::{add_products, zeros};

/// Sums over rows of the products that each row alone gave, for their variance.
#[derive(Clone, Debug)]
pub(crate) struct Spread {
    /// Σ P², P the products of one row.
    squares: Vec<f64>,
    /// Σ m·P, m the positions of the row.
    weighted: Vec<f64>,
    /// Σ m².
    sizes: f64,
}

impl Spread {
    pub(crate) fn new(square: usize) -> Result<Self, Error> {
        Ok(Self {
            squares: zeros(square)?,
            weighted: zeros(square)?,
            sizes: 0.0,
        })
    }

    pub(crate) fn add(&mut self, own: &[f64], positions: f64) {
        self.sizes += positions * positions;
        for ((square, weighted), &own) in self.squares.iter_mut().zip(&mut self.weighted).zip(own) {
            *square += own * own;
            *weighted += positions * own;
        }
    }

    /// Adds `count` rows of one position, whose values are in `block` and are squared there: P² = x²·(x²)ᵀ.
    pub(crate) fn add_single(&mut self, block: &mut [f64], channels: usize, count: usize) {
        self.sizes += count as f64;
        add_products(&mut self.weighted, block, channels);
        for x in block.iter_mut() {
            *x *= *x;
        }
        add_products(&mut self.squares, block, channels);
    }

    /// Σ var(r) / Σ r² over the off-diagonal correlations r, cut to 0…1.
    pub(crate) fn intensity(
        &self,
        channels: usize,
        rows: usize,
        positions: f64,
        products: &[f64],
        variances: &[f64],
    ) -> f64 {
        if rows < 2 {
            return 1.0;
        }
        let scale = rows as f64 / ((rows - 1) as f64 * positions * positions);
        let (mut noise, mut signal) = (0.0, 0.0);
        for i in 0..channels {
            for j in i + 1..channels {
                let size = variances[i] * variances[j];
                if size <= 0.0 {
                    continue;
                }
                let at = i * channels + j;
                let mean = products[at] / positions;
                let squares = self.squares[at] - 2.0 * mean * self.weighted[at] + mean * mean * self.sizes;
                noise += (scale * squares).max(0.0) / size;
                signal += mean * mean / size;
            }
        }
        if signal > 0.0 {
            (noise / signal).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }
}
