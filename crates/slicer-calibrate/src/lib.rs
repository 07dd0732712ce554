//! Calibration: what a profile says about one cut of one model, computed in closed form from a few example tensors.
//!
//! 1. [`Moments`] takes the tensors one by one and keeps mean and covariance of their channels.
//! 2. [`Metric`] says how much an error in each direction of channel space matters to what reads the tensor.
//! 3. [`Transform`] turns both into a channel transform whose coefficients are uncorrelated and ordered by what they
//!    are worth: a Karhunen-Loève transform under that metric.
//!
//! Everything is f64 and sequential: equal inputs give equal bits in native and WebAssembly builds.

#![forbid(unsafe_code)]

mod eigen;
mod error;
mod metric;
mod moments;
mod shrink;
mod transform;

pub use error::Error;
pub use metric::Metric;
pub use moments::{Layout, MAX_CHANNELS, Moments};
pub use transform::{Transform, TransformOptions};

/// A square or rectangular matrix of f64, column by column.
pub type Matrix = nalgebra::DMatrix<f64>;
