//! What can go wrong in a calibration. The numbers of [`Error::code`] cross the WASM boundary and never change meaning.

use std::fmt;

/// Why a calibration was refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Error {
    /// A tensor has another shape than the ones before, or no channels.
    Shape,
    /// An element is NaN or infinite.
    NonFinite {
        /// Its index in the tensor.
        index: usize,
    },
    /// Too few rows were given.
    TooFew {
        /// Rows that were given.
        have: usize,
        /// Rows that are needed.
        need: usize,
    },
    /// The metric is not a symmetric, finite, positive semi-definite matrix of the right size.
    BadMetric,
    /// The transform cannot be inverted well enough to be of use.
    Singular,
    /// An option is out of its range.
    BadOption,
    /// The eigenvalues could not be found.
    NoConvergence,
    /// More channels than [`crate::MAX_CHANNELS`], or no memory for the matrices.
    TooLarge,
}

impl Error {
    /// The stable number of this kind of error.
    pub fn code(&self) -> u32 {
        match self {
            Self::Shape => 1,
            Self::NonFinite { .. } => 2,
            Self::TooFew { .. } => 3,
            Self::BadMetric => 4,
            Self::Singular => 5,
            Self::BadOption => 6,
            Self::NoConvergence => 7,
            Self::TooLarge => 8,
        }
    }

    /// The one number that goes with it: an index, or how many rows are needed; else 0.
    pub fn detail(&self) -> usize {
        match *self {
            Self::NonFinite { index } => index,
            Self::TooFew { need, .. } => need,
            _ => 0,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape => f.write_str("the tensor does not have the channels of the calibration"),
            Self::NonFinite { index } => write!(f, "element {index} is NaN or infinite"),
            Self::TooFew { have, need } => write!(f, "{have} rows were given, {need} are needed"),
            Self::BadMetric => f.write_str("the metric is not symmetric, finite and positive semi-definite"),
            Self::Singular => f.write_str("the transform cannot be inverted"),
            Self::BadOption => f.write_str("an option is out of its range"),
            Self::NoConvergence => f.write_str("the eigenvalues could not be found"),
            Self::TooLarge => f.write_str("too many channels"),
        }
    }
}

impl std::error::Error for Error {}
