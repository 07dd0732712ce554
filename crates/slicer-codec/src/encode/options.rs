//! What a caller asks for, and what an encoder reports.

use super::emit::Sections;
use super::scale_codes::is_usable;
use super::slicer::{MAX_BLOCKS, Method};
use super::source::Granularity;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::Layout;

/// What the caller is willing to spend, or to lose; exactly one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    /// √(Σe² / Σx²) of the worst scale group, after rounding to the element type. Guaranteed.
    Nrmse(f64),
    /// Largest absolute error of any value. Guaranteed.
    MaxError(f64),
    /// Cap on the whole frame, in bits per value.
    BitsPerValue(f64),
    /// Cap on the whole frame, in bytes.
    Bytes(u64),
    /// Quantisation step; no search, no verification.
    Step(f32),
    /// Divergence of the task's output that the profile's curve expects, in nats: an estimate, not a guarantee.
    ExpectedKl(f64),
    /// Every bit kept.
    Lossless,
    /// Parameters of the method; `None` lets cost decide. With only a distortion the whole tensor's error is held to it.
    Method {
        /// Share of survivors.
        keep: Option<f64>,
        /// Score factor of negative values.
        asymmetry: Option<f32>,
        /// Magnitude blocks.
        blocks: Option<u32>,
        /// Relative root mean square error per block.
        distortion: f64,
    },
}

/// Encoders by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// The cheapest that meets the budget.
    #[default]
    Auto = 0,
    /// One step for all values.
    Uniform = 1,
    /// ATKF → MS → ABQ.
    Slicer = 2,
    /// Bit-exact, entropy-coded.
    Lossless = 3,
    /// Bytes as they are.
    Raw = 4,
}

/// How much time an encoder may spend on choosing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effort {
    /// One quantiser, tables and classes.
    Fast,
    /// Two quantisers; classes, contexts and both together.
    #[default]
    Default,
    /// Also the method's own encoder, on tensors of up to 2^18 values.
    Dense,
}

/// Options of one call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EncodeOptions {
    /// The budget.
    pub budget: Budget,
    /// The encoder.
    pub mode: Mode,
    /// The effort.
    pub effort: Effort,
    /// Layout; `None` = the default of the tensor's rank.
    pub layout: Option<Layout>,
    /// Scale groups.
    pub granularity: Granularity,
    /// Measure the error of the finished frame even where the budget does not need it.
    pub report: bool,
}

impl EncodeOptions {
    /// Default options for a budget.
    pub fn new(budget: Budget) -> Self {
        Self {
            budget,
            mode: Mode::Auto,
            effort: Effort::Default,
            layout: None,
            granularity: Granularity::Tensor,
            report: true,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let bad_budget = Err(Error::argument(ErrorCode::InvalidBudget, Field::Options, 0));
        let bad_option = Err(Error::argument(
            ErrorCode::InvalidOption,
            Field::Options,
            self.mode as u64,
        ));
        let at_least_zero = |v: f64| (0.0..f64::INFINITY).contains(&v);
        let valid = match self.budget {
            Budget::Nrmse(v) | Budget::MaxError(v) => at_least_zero(v),
            Budget::BitsPerValue(v) => v > 0.0 && v < f64::INFINITY,
            Budget::Bytes(v) => v > 0,
            Budget::Step(v) => is_usable(v),
            Budget::ExpectedKl(v) => v > 0.0 && v < f64::INFINITY,
            Budget::Lossless => true,
            Budget::Method {
                keep,
                asymmetry,
                blocks,
                distortion,
            } => {
                keep.is_none_or(|k| (0.0..=1.0).contains(&k))
                    && asymmetry.is_none_or(|a| a > 0.0 && a < f32::INFINITY)
                    && blocks.is_none_or(|b| (1..=MAX_BLOCKS).contains(&b))
                    && at_least_zero(distortion)
            }
        };
        if !valid {
            return bad_budget;
        }
        let method = matches!(self.budget, Budget::Method { .. });
        let lossless = matches!(self.budget, Budget::Lossless);
        match self.mode {
            Mode::Slicer
                if matches!(
                    self.budget,
                    Budget::Step(_) | Budget::MaxError(_) | Budget::ExpectedKl(_)
                ) || lossless =>
            {
                bad_option
            }
            Mode::Slicer if self.granularity != Granularity::Tensor => bad_option,
            Mode::Auto if method && self.granularity != Granularity::Tensor => bad_option,
            Mode::Uniform if method || lossless => bad_option,
            _ => Ok(()),
        }
    }

    /// The method's parameters, if the caller fixed any besides the distortion.
    pub(super) fn fixed_method(&self) -> Option<Method> {
        match self.budget {
            Budget::Method {
                keep: None,
                asymmetry: None,
                blocks: None,
                ..
            } => None,
            Budget::Method {
                keep,
                asymmetry,
                blocks,
                distortion,
            } => Some(Method {
                keep: keep.unwrap_or(1.0),
                asymmetry: asymmetry.unwrap_or(1.0),
                blocks: blocks.unwrap_or(8),
                distortion,
            }),
            _ => None,
        }
    }
}

/// Bits of [`Report::warnings`].
pub mod warning {
    /// The largest value is more than 30 × RMS: one scale for all may starve the rest.
    pub const OUTLIERS: u32 = 1 << 0;
    /// The frame carries the tensor's bytes as they are.
    pub const STORED_RAW: u32 = 1 << 1;
    /// The error budget could only be met without loss.
    pub const LOSSLESS_FALLBACK: u32 = 1 << 2;
}

/// What became of a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// Encoder that won.
    pub mode: Mode,
    /// Bytes of the frame.
    pub bytes: u64,
    /// Bytes of the tensor.
    pub raw_bytes: u64,
    /// Step of the setup, 0 without one.
    pub step: f64,
    /// √(Σe² / Σx²) over the tensor; NaN if not measured.
    pub nrmse: f64,
    /// The same of the worst scale group.
    pub worst_group: f64,
    /// Largest absolute error.
    pub max_error: f64,
    /// Σy² / Σx².
    pub energy_ratio: f64,
    /// Rows, channels, height, width of the coding view.
    pub view: [u32; 4],
    /// Bytes by section.
    pub sections: Sections,
    /// Required-feature bits of the frame: the tools it uses.
    pub features: u32,
    /// See [`warning`].
    pub warnings: u32,
}
