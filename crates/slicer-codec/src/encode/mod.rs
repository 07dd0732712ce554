//! Encoders: free in their choices, judged by the decoder (spec § Encoders).

mod bands;
mod coefficients;
mod counts;
mod emit;
mod lossless;
mod measure;
mod merge;
mod options;
mod plan;
mod quantise;
mod recipes;
mod row_class;
mod rows;
mod scale_codes;
mod search;
mod segments;
mod sequence;
mod slicer;
mod sort;
mod source;
mod stream;
mod tally;
mod tools;
mod transformed;
mod uniform;
mod viterbi;

pub use emit::Sections;
pub use options::{Budget, Effort, EncodeOptions, Mode, Report, warning};
pub use slicer::Method;
pub use source::{Granularity, TensorRef};
pub use stream::{StreamEncoder, StreamOptions};

use crate::decode::Decoder;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::limits::{Limits, try_renew};
use crate::profile::Profile;
use crate::setup::Setup;
use alloc::sync::Arc;
use alloc::vec::Vec;
use emit::{Emitter, Tokens};
use measure::{EXACT, Measure, Measured};
use plan::{Plan, Quantiser};
use scale_codes::GroupSteps;
use slicer::Blocks;
use source::{Source, Statistics};
use tools::{Chooser, Search};
use transformed::Transformed;
use uniform::Levels;

/// A reusable encoder: what it needs for tensors of one kind it asks the allocator for once.
#[derive(Default)]
pub struct Encoder {
    work: Workspace,
    /// A frame beside the best so far: of another quantiser, and of another recipe.
    candidate: Vec<u8>,
    spare: Vec<u8>,
    statistics: Statistics,
    decoder: Decoder,
    /// Σe² and Σx² of every scale group of the frame that is measured.
    sums: Vec<(f64, f64)>,
    profile: Option<Arc<Profile>>,
}

/// Buffers that every candidate shares.
#[derive(Default)]
struct Workspace {
    steps: GroupSteps,
    /// Σe² of every scale group at the step that is tried.
    errors: Vec<f64>,
    levels: Levels,
    tokens: Tokens,
    quantiser: Quantiser,
    blocks: Blocks,
    chooser: Chooser,
    emitter: Emitter,
    transformed: Transformed,
}

/// A finished candidate: how it was made, and the bytes by section. The bytes themselves are in the caller's buffer.
#[derive(Clone, Copy)]
struct Candidate {
    mode: Mode,
    step: f64,
    sections: Sections,
    features: u32,
}

impl Workspace {
    /// Takes the memory that every encoder needs, so that running out of it is an error and not a trap.
    fn reserve(&mut self, values: usize) -> Result<()> {
        let enough = self.levels.reserve(values, &mut self.tokens.tokens);
        let limit = Error::argument(ErrorCode::LimitExceeded, Field::Data, values as u64);
        if enough { Ok(()) } else { Err(limit) }
    }

    /// Entropy-codes `self.tokens` under `self.quantiser` with the cheapest tools.
    fn finish(&mut self, source: &Source<'_>, mode: Mode, search: Search, out: &mut Vec<u8>) -> Result<Candidate> {
        let quantiser = core::mem::take(&mut self.quantiser);
        let tools = self
            .chooser
            .choose(source, &quantiser.bins, &self.tokens.tokens, search);
        // A frame that grows by doubling would cost up to twice its size in memory.
        let size = (tools.payload_bits / 8.0) as usize + self.tokens.offsets.len() + FRAME_SLACK;
        let step = match mode {
            Mode::Lossless => 0.0,
            _ => f64::from(quantiser.step),
        };
        let plan = Plan::new(source, quantiser, tools, search);
        if !try_renew(out, size) {
            return Err(Error::argument(ErrorCode::LimitExceeded, Field::Data, size as u64));
        }
        let sections = self.emitter.standalone(&plan, &mut self.tokens, out)?;
        let features = plan.setup.features;
        let (quantiser, tools) = plan.into_parts();
        self.quantiser = quantiser;
        self.chooser.keep(tools);
        Ok(Candidate {
            mode,
            step,
            sections,
            features,
        })
    }

    fn raw(&mut self, source: &Source<'_>, out: &mut Vec<u8>) -> Candidate {
        let setup = Setup {
            features: 0,
            dtype: source.tensor.dtype,
            dims: source.tensor.dims,
            layout: source.layout,
            view: source.view,
            coding: None,
        };
        let sections = emit::raw(&setup, source.tensor.bytes, out);
        Candidate {
            mode: Mode::Raw,
            step: 0.0,
            sections,
            features: 0,
        }
    }

    /// Lossless, or raw where that is no larger.
    fn lossless(&mut self, source: &Source<'_>, search: Search, out: &mut Vec<u8>) -> Result<Candidate> {
        match self.lossless_within(source, search, usize::MAX, out)? {
            Some(candidate) => Ok(candidate),
            None => Ok(self.raw(source, out)),
        }
    }

    /// The same where that takes at most `most` bytes; where not, the raw frame is never made.
    fn lossless_within(
        &mut self,
        source: &Source<'_>,
        search: Search,
        most: usize,
        out: &mut Vec<u8>,
    ) -> Result<Option<Candidate>> {
        let raw = source.tensor.bytes.len() + RAW_OVERHEAD;
        if lossless::encode(source, most, &mut self.levels, &mut self.tokens, &mut self.quantiser)? {
            let candidate = self.finish(source, Mode::Lossless, search, out)?;
            if out.len() <= raw.min(most) {
                return Ok(Some(candidate));
            }
            // Of no use, and as large as what is made next: never both at a time.
            *out = Vec::new();
        }
        if raw > most {
            return Ok(None);
        }
        let candidate = self.raw(source, out);
        Ok((out.len() <= most).then_some(candidate))
    }
}

/// Room for everything but the payload, and for a payload a little larger than estimated.
const FRAME_SLACK: usize = 1 << 14;

/// What a raw frame adds to the tensor's bytes, at least.
const RAW_OVERHEAD: usize = 14;

impl Encoder {
    /// An encoder without warm buffers.
    #[inline(never)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses a profile from now on, or none. Frames that used one can only be decoded by who holds it.
    #[inline(never)]
    pub fn set_profile(&mut self, profile: Option<Arc<Profile>>) -> Result<()> {
        self.decoder = Decoder::new();
        if let Some(profile) = &profile {
            self.decoder.add_profile(profile.clone())?;
        }
        self.profile = profile;
        Ok(())
    }

    /// Encodes a tensor as one standalone frame into `out`, which is overwritten; on error it is left empty.
    ///
    /// Error budgets are verified on the decoded frame. Fails on non-finite values in lossy modes, on impossible budgets
    /// and on options that do not go together.
    pub fn encode(&mut self, tensor: &TensorRef<'_>, options: &EncodeOptions, out: &mut Vec<u8>) -> Result<Report> {
        let result = self.encode_unchecked(tensor, options, out);
        if result.is_err() {
            out.clear();
        }
        result
    }

    fn encode_unchecked(
        &mut self,
        tensor: &TensorRef<'_>,
        options: &EncodeOptions,
        out: &mut Vec<u8>,
    ) -> Result<Report> {
        options.check()?;
        let source = Source::new(*tensor, options.layout, options.granularity)?;
        if let Some(profile) = self.profile.as_ref().filter(|p| p.channels != source.view.channels) {
            let channels = profile.channels as u64;
            return Err(Error::argument(ErrorCode::ProfileMismatch, Field::ProfileId, channels));
        }
        let lossless = matches!(options.budget, Budget::Lossless)
            || options.mode == Mode::Lossless
            || matches!(options.budget, Budget::Nrmse(v) | Budget::MaxError(v) if v == 0.0);
        let (mut candidate, mut warnings, statistics) = if source.len() == 0 || options.mode == Mode::Raw {
            (self.work.raw(&source, out), 0, None)
        } else if lossless {
            let search = search::tool_search(options.effort);
            (self.work.lossless(&source, search, out)?, 0, None)
        } else {
            let mut statistics = core::mem::take(&mut self.statistics);
            statistics.read(&source)?;
            self.work.reserve(source.len())?;
            self.work.transformed.begin();
            let (candidate, warnings) = search::run(self, &source, &statistics, options, out)?;
            (candidate, warnings, Some(statistics))
        };
        if out.len() > source.tensor.bytes.len() + RAW_OVERHEAD + 5 * source.tensor.dims.as_slice().len() {
            candidate = self.work.raw(&source, out);
        }
        check_cap(options.budget, source.len(), out.len())?;
        if candidate.mode == Mode::Raw && source.len() > 0 {
            warnings |= warning::STORED_RAW;
        }
        if let Some(s) = statistics {
            let rms = scale_codes::rms(&s, source.len());
            if options.granularity == Granularity::Tensor && f64::from(s.peak) > 30.0 * rms {
                warnings |= warning::OUTLIERS;
            }
            self.statistics = s;
        }
        let exact = matches!(candidate.mode, Mode::Lossless | Mode::Raw);
        let measured = if exact {
            EXACT
        } else if options.report {
            self.measure(&source, out)?
        } else {
            Measured {
                nrmse: f64::NAN,
                worst_group: f64::NAN,
                max_error: f64::NAN,
                energy_ratio: f64::NAN,
            }
        };
        let v = source.view;
        Ok(Report {
            mode: candidate.mode,
            bytes: out.len() as u64,
            raw_bytes: tensor.bytes.len() as u64,
            step: candidate.step,
            nrmse: measured.nrmse,
            worst_group: measured.worst_group,
            max_error: measured.max_error,
            energy_ratio: measured.energy_ratio,
            view: [v.rows as u32, v.channels as u32, v.height as u32, v.width as u32],
            sections: candidate.sections,
            features: candidate.features,
            warnings,
        })
    }

    /// Decodes a finished frame with the reference decoder and compares.
    fn measure(&mut self, source: &Source<'_>, frame: &[u8]) -> Result<Measured> {
        let unlimited = Limits {
            max_bytes: u64::MAX,
            max_work: u64::MAX,
        };
        let mut measure = Measure::new(source, &mut self.sums);
        self.decoder.visit(frame, unlimited, &mut measure)?;
        Ok(measure.result())
    }
}

/// Largest frame a budget allows, in bytes.
fn cap(budget: Budget, values: usize) -> Option<u64> {
    match budget {
        Budget::Bytes(cap) => Some(cap),
        Budget::BitsPerValue(bits) => Some((bits * values as f64 / 8.0) as u64),
        _ => None,
    }
}

fn check_cap(budget: Budget, values: usize, len: usize) -> Result<()> {
    match cap(budget, values) {
        Some(cap) if len as u64 > cap => Err(Error::argument(
            ErrorCode::BudgetUnreachable,
            Field::Options,
            len as u64,
        )),
        _ => Ok(()),
    }
}

/// Encodes a tensor as one standalone frame.
pub fn encode(tensor: &TensorRef<'_>, options: &EncodeOptions) -> Result<(Vec<u8>, Report)> {
    let mut out = Vec::new();
    let report = Encoder::new().encode(tensor, options, &mut out)?;
    Ok((out, report))
}
