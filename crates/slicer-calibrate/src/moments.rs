//! Streaming mean and covariance of the channels of a tensor, over rows and positions.

use crate::shrink::Spread;
use crate::{Error, Matrix};

/// The most channels a calibration takes: its matrices then need 400 MB.
pub const MAX_CHANNELS: usize = 4096;

/// Positions that are added to the covariance in one pass over it.
const BLOCK: usize = 8;

/// Where the channels of a row lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Channel by channel, each a plane: NCHW.
    Planes,
    /// Position by position, each with all channels: NHWC, or rows.
    Positions,
}

/// Sums over all rows seen so far. A *row* is one independent input: one image, or one token.
#[derive(Clone, Debug)]
pub struct Moments {
    channels: usize,
    rows: usize,
    positions: f64,
    /// The first row's mean. Sums of differences from it stay exact where channels lie far from zero.
    pivot: Vec<f64>,
    sum: Vec<f64>,
    /// Σ (x − pivot)(x − pivot)ᵀ, upper triangle, row by row.
    products: Vec<f64>,
    spread: Spread,
    /// The products of one row alone.
    own: Vec<f64>,
    block: Vec<f64>,
}

impl Moments {
    /// Starts with nothing seen.
    pub fn new(channels: usize) -> Result<Self, Error> {
        if channels == 0 {
            return Err(Error::Shape);
        }
        if channels > MAX_CHANNELS {
            return Err(Error::TooLarge);
        }
        let square = channels * channels;
        Ok(Self {
            channels,
            rows: 0,
            positions: 0.0,
            pivot: Vec::new(),
            sum: vec![0.0; channels],
            products: zeros(square)?,
            spread: Spread::new(square)?,
            own: zeros(square)?,
            block: zeros(channels * BLOCK)?,
        })
    }

    /// Channels per position.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Rows seen.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Positions seen, over all rows.
    pub fn positions(&self) -> f64 {
        self.positions
    }

    /// Adds the rows of a tensor, `plane` positions each. A refused tensor leaves everything as it was.
    pub fn add(&mut self, data: &[f32], plane: usize, layout: Layout) -> Result<(), Error> {
        let row = self.channels.checked_mul(plane).ok_or(Error::Shape)?;
        if row == 0 || data.is_empty() || !data.len().is_multiple_of(row) {
            return Err(Error::Shape);
        }
        if let Some(index) = data.iter().position(|x| !x.is_finite()) {
            return Err(Error::NonFinite { index });
        }
        if plane == 1 {
            self.add_single(data);
        } else {
            for values in data.chunks_exact(row) {
                self.add_row(values, plane, layout);
            }
        }
        Ok(())
    }

    /// Rows of one position: many are added in one pass, where [`Self::add_row`] would go over the matrices for each.
    fn add_single(&mut self, data: &[f32]) {
        let channels = self.channels;
        if self.pivot.is_empty() {
            self.pivot = data[..channels].iter().map(|&x| f64::from(x)).collect();
        }
        for rows in data.chunks(BLOCK * channels) {
            self.block.fill(0.0);
            for (values, x) in rows.chunks_exact(channels).zip(self.block.chunks_exact_mut(channels)) {
                for (c, (x, &value)) in x.iter_mut().zip(values).enumerate() {
                    *x = f64::from(value) - self.pivot[c];
                    self.sum[c] += *x;
                }
            }
            add_products(&mut self.products, &self.block, channels);
            let count = rows.len() / channels;
            self.spread.add_single(&mut self.block, channels, count);
            self.rows += count;
            self.positions += count as f64;
        }
    }

    fn add_row(&mut self, values: &[f32], plane: usize, layout: Layout) {
        let channels = self.channels;
        let at = |position: usize, channel: usize| {
            f64::from(match layout {
                Layout::Planes => values[channel * plane + position],
                Layout::Positions => values[position * channels + channel],
            })
        };
        if self.pivot.is_empty() {
            self.pivot = (0..channels)
                .map(|c| (0..plane).map(|p| at(p, c)).sum::<f64>() / plane as f64)
                .collect();
        }
        self.own.fill(0.0);
        for first in (0..plane).step_by(BLOCK) {
            let count = BLOCK.min(plane - first);
            for (k, x) in self.block.chunks_exact_mut(channels).enumerate() {
                if k >= count {
                    // A short block ends in zeros, which add nothing.
                    x.fill(0.0);
                    continue;
                }
                for (c, x) in x.iter_mut().enumerate() {
                    *x = at(first + k, c) - self.pivot[c];
                    self.sum[c] += *x;
                }
            }
            add_products(&mut self.own, &self.block, channels);
        }
        for (total, own) in self.products.iter_mut().zip(&self.own) {
            *total += own;
        }
        self.spread.add(&self.own, plane as f64);
        self.rows += 1;
        self.positions += plane as f64;
    }

    /// The rows needed for statistics of this kind, `plane` positions each: enough to tell channels apart, and for a
    /// transform also four positions per channel.
    pub fn rows_needed(channels: usize, plane: usize, transform: bool) -> usize {
        let floor = 16;
        if transform {
            floor.max((4 * channels).div_ceil(plane.max(1)))
        } else {
            floor
        }
    }

    /// Mean of each channel.
    pub fn mean(&self) -> Vec<f64> {
        if self.rows == 0 {
            return vec![0.0; self.channels];
        }
        self.pivot
            .iter()
            .zip(&self.sum)
            .map(|(pivot, sum)| pivot + sum / self.positions)
            .collect()
    }

    /// Standard deviation of each channel.
    pub fn sigma(&self) -> Vec<f64> {
        (0..self.channels)
            .map(|c| self.covariance_at(c, c).max(0.0).sqrt())
            .collect()
    }

    /// Covariance of the channels as it was seen.
    pub fn covariance(&self) -> Matrix {
        Matrix::from_fn(self.channels, self.channels, |i, j| self.covariance_at(i, j))
    }

    /// The covariance with its off-diagonal part scaled by 1 − `intensity`.
    pub fn shrunk(&self, intensity: f64) -> Matrix {
        let keep = 1.0 - intensity;
        let at = |i, j| {
            if i == j {
                self.covariance_at(i, i)
            } else {
                keep * self.covariance_at(i, j)
            }
        };
        Matrix::from_fn(self.channels, self.channels, at)
    }

    /// How much of the off-diagonal part is noise, 0…1, as the rows' disagreement about it tells (Schäfer and
    /// Strimmer 2005, target D). Rows are what is independent here: the positions of one are not.
    pub fn shrinkage(&self) -> f64 {
        self.spread.intensity(
            self.channels,
            self.rows,
            self.positions,
            &self.products,
            &self.variances(),
        )
    }

    fn variances(&self) -> Vec<f64> {
        (0..self.channels).map(|c| self.covariance_at(c, c)).collect()
    }

    fn covariance_at(&self, i: usize, j: usize) -> f64 {
        if self.rows == 0 {
            return 0.0;
        }
        let (low, high) = (i.min(j), i.max(j));
        let n = self.positions;
        self.products[low * self.channels + high] / n - (self.sum[i] / n) * (self.sum[j] / n)
    }
}

/// Adds Σ x·xᵀ over the positions of a block to the upper triangle.
pub(crate) fn add_products(products: &mut [f64], block: &[f64], channels: usize) {
    let x: [&[f64]; BLOCK] = std::array::from_fn(|k| &block[k * channels..(k + 1) * channels]);
    for i in 0..channels {
        let target = &mut products[i * channels + i..(i + 1) * channels];
        let weights: [f64; BLOCK] = std::array::from_fn(|k| x[k][i]);
        let y: [&[f64]; BLOCK] = std::array::from_fn(|k| &x[k][i..]);
        for (j, target) in target.iter_mut().enumerate() {
            let mut sum = *target;
            for k in 0..BLOCK {
                sum += weights[k] * y[k][j];
            }
            *target = sum;
        }
    }
}

/// `count` zeros, or an error where there is no memory.
pub(crate) fn zeros(count: usize) -> Result<Vec<f64>, Error> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| Error::TooLarge)?;
    values.resize(count, 0.0);
    Ok(values)
}
