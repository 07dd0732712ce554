//! Streams: a setup sent once, then one bare body per call; for tensors that arrive token by token (spec § Framing).

use super::emit::{BodyInfo, Emitter, Sections, Tokens};
use super::plan::Plan;
use super::rows::Rows;
use super::scale_codes::is_usable;
use super::source::{Granularity, Source, Statistics, TensorRef};
use super::tools;
use crate::adaptive::State;
use crate::bins::{Bins, Uniform};
use crate::bytes::put_varint;
use crate::coding::{Classes, Coding, Domain, Lanes, ProfileUse, Scales};
use crate::contexts::Thresholds;
use crate::decode::channels;
use crate::dtype::DType;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::frame::{DRAFT, Framing, VERSION, body_flag};
use crate::layout::{Dims, Layout, View};
use crate::profile::{Profile, recipe};
use crate::scales::effective_step;
use crate::setup::{Setup, feature};
use crate::tables::{TableSource, Tables};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Unit levels on each side of zero; what lies beyond escapes exactly.
pub(super) const UNITS: u32 = 15;
/// Doubling escapes that reach every level an encoder may produce.
const ESCAPES: u8 = 30;
/// Coarsest step index a byte cap may ask for: fifteen octaves.
const COARSEST: i8 = 120;

/// What a stream fixes for all of its bodies.
#[derive(Clone, Debug)]
pub struct StreamOptions<'a> {
    /// Element type.
    pub dtype: DType,
    /// Dims of a body; the first is the largest number of rows a body may have. With 1 every body has exactly one.
    pub dims: &'a [u32],
    /// Layout; `None` = the default of the rank.
    pub layout: Option<Layout>,
    /// Quantisation step, the same for every row.
    pub step: f32,
    /// Tail shape of the built-in tables, 0 (heavy) to 3 (light).
    pub shape: u8,
    /// Append a CRC-32C to every body.
    pub checksum: bool,
    /// Two union quantisers, chosen by a trellis.
    pub trellis: bool,
    /// Channel classes follow the levels of the bodies before; for rows of channels without planes.
    pub adaptive: bool,
    /// Means, classes and, where its recipe says so, the transform of a profile.
    pub profile: Option<Arc<Profile>>,
}

impl<'a> StreamOptions<'a> {
    /// A plain stream: default layout, tails of shape 1, no checksums, no trellis, nothing adaptive, no profile.
    pub fn new(dtype: DType, dims: &'a [u32], step: f32) -> Self {
        Self {
            dtype,
            dims,
            layout: None,
            step,
            shape: 1,
            checksum: false,
            trellis: false,
            adaptive: false,
            profile: None,
        }
    }
}

/// Encodes bodies of one setup.
pub struct StreamEncoder {
    plan: Plan,
    emitter: Emitter,
    tokens: Tokens,
    rows: Rows,
    state: State,
    /// What it was before the body at hand.
    before: State,
    reset: bool,
}

impl StreamEncoder {
    /// Fixes the setup. A `sample` of typical rows teaches it how busy each channel is; without one, without a profile and
    /// without adaptive classes all channels are alike.
    pub fn new(options: &StreamOptions<'_>, sample: Option<&TensorRef<'_>>) -> Result<Self> {
        if !is_usable(options.step) || options.shape > 3 {
            return Err(Error::argument(
                ErrorCode::InvalidOption,
                Field::Step,
                options.shape.into(),
            ));
        }
        let rank = options.dims.len();
        let dims = Dims::new(options.dims)?;
        let layout = options.layout.unwrap_or(Layout::default_for(rank));
        if !layout.rows_begin_with_axis_0(rank) {
            return Err(Error::argument(ErrorCode::BadDims, Field::Dims, rank as u64));
        }
        let view = View::new(&dims, &layout)?;
        let invalid = |code| Error::argument(code, Field::Options, 0);
        if options.adaptive && view.plane() > 1 {
            return Err(invalid(ErrorCode::InvalidOption));
        }
        let units = Uniform {
            negative: UNITS,
            positive: UNITS,
            negative_escapes: ESCAPES,
            positive_escapes: ESCAPES,
            ..Uniform::default()
        };
        let bins = Bins::uniform(units, Vec::new()).map_err(invalid)?;
        let source = TableSource::Family {
            shape: options.shape,
            first: 0,
            increment: 1,
        };
        let count = tools::family_scales() * if options.trellis { 2 } else { 1 };
        let tables = Tables::new(source, 12, count, &bins, options.trellis).map_err(invalid)?;
        let profile = options.profile.clone().filter(|p| p.channels == view.channels);
        if options.profile.is_some() && profile.is_none() {
            return Err(invalid(ErrorCode::ProfileMismatch));
        }
        let channel_transform = profile.as_ref().is_some_and(|p| {
            let wanted = p.recipe.is_some_and(|r| r & recipe::TRANSFORM != 0);
            wanted && p.transform.as_ref().is_some_and(|t| !t.forward.is_empty())
        });
        let used = profile.map(|profile| ProfileUse {
            mean: !profile.mean.is_empty(),
            classes: !options.adaptive && (channel_transform || !profile.classes.is_empty()),
            profile,
        });
        let channels = match (&used, sample) {
            (Some(used), _) if used.classes => match &used.profile.transform {
                Some(transform) if channel_transform => transform.classes.clone(),
                _ => used.profile.classes.clone(),
            },
            (_, Some(sample)) if !options.adaptive && !channel_transform => channel_classes(sample, layout, &view)?,
            _ => Vec::new(),
        };
        let mut features = feature::CODED | feature::CLASSES;
        let mut set = |bit, on: bool| features |= if on { bit } else { 0 };
        set(feature::ROWS, options.dims[0] != 1);
        set(feature::BODY_CHECKSUM, options.checksum);
        set(feature::PROFILE, used.is_some());
        set(feature::CHANNEL_TRANSFORM, channel_transform);
        set(feature::TRELLIS, options.trellis);
        set(feature::ADAPTIVE, options.adaptive);
        let coding = Coding {
            domain: Domain::Real,
            lanes: Lanes { streams: 1, width: 1 },
            step: options.step,
            scales: Scales::default(),
            bins,
            tables,
            classes: Classes { rows: true, channels },
            thresholds: Thresholds::default(),
            segment_planes: 0,
            dense: false,
            trellis: options.trellis,
            adaptive: options.adaptive,
            profile: used,
            channel_transform,
            dct: None,
        };
        let mut emitter = Emitter::default();
        emitter.prepare(&coding);
        let rows = Rows::new(&coding);
        let setup = Setup {
            features,
            dtype: options.dtype,
            dims,
            layout,
            view,
            coding: Some(coding),
        };
        let plan = Plan {
            setup,
            view,
            rows: 0,
            body: BodyInfo::default(),
        };
        Ok(Self {
            plan,
            emitter,
            tokens: Tokens::default(),
            rows,
            state: State::default(),
            before: State::default(),
            reset: false,
        })
    }

    /// The setup's bytes: two version bytes, then its fields.
    #[inline(never)]
    pub fn setup(&self) -> Vec<u8> {
        let mut out = alloc::vec![VERSION, DRAFT];
        self.plan.setup.write(&mut out);
        out
    }

    /// Makes the next body begin with a new state, whatever the decoder's is.
    pub fn reset(&mut self) {
        self.state.reset();
        self.reset = self.plan.setup.features & feature::ADAPTIVE != 0;
    }

    /// What the bodies so far left for the next one; the decoder's after the same bodies.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Goes on from another state, which the decoder must have too.
    pub fn restore(&mut self, state: &State) -> Result<()> {
        state.check(channels(&self.plan.setup))?;
        self.state.clone_from(state);
        self.reset = false;
        Ok(())
    }

    /// Encodes `bytes`, a whole number of first-axis slices, as one bare body into `out`, which is overwritten.
    pub fn encode(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Sections> {
        self.encode_within(bytes, None, out)
    }

    /// The same with at most `cap` bytes, by a coarser step where that takes one.
    #[inline(never)]
    pub fn encode_within(&mut self, bytes: &[u8], cap: Option<usize>, out: &mut Vec<u8>) -> Result<Sections> {
        let source = self.source(bytes)?;
        self.plan.view = source.view;
        self.plan.rows = source.tensor.dims.as_slice()[0];
        self.before.clone_from(&self.state);
        // The rate loop: about 0.7 of the bits a value has go with every octave of the step.
        let (mut index, mut finest) = (0i32, -1i32);
        let mut coarser = None;
        let coarsest = self.coarsest();
        loop {
            self.state.clone_from(&self.before);
            let sections = self.attempt(&source, index as i8, out)?;
            let Some(cap) = cap else {
                self.reset = false;
                return Ok(sections);
            };
            if out.len() <= cap {
                if index == finest + 1 {
                    self.reset = false;
                    return Ok(sections);
                }
                coarser = Some(index);
                index = (index + finest) / 2;
                continue;
            }
            finest = index;
            if index == coarsest {
                self.state.clone_from(&self.before);
                let smallest = out.len() as u64;
                out.clear();
                return Err(Error::argument(ErrorCode::BudgetUnreachable, Field::Options, smallest));
            }
            index = match coarser {
                Some(coarser) if coarser - index > 1 => (index + coarser) / 2,
                Some(coarser) if coarser > index => coarser,
                // Also where what fitted once no longer does: the search for classes begins where the last attempt ended.
                _ => {
                    let excess = 8.0 * (out.len() - cap) as f64 / source.len().max(1) as f64;
                    ((f64::from(index) + 1.0 + 8.0 * excess) as i32).min(coarsest)
                }
            };
        }
    }

    /// The coarsest step index of a byte cap whose step is still a number.
    fn coarsest(&self) -> i32 {
        let step = self.plan.setup.coding.as_ref().map_or(1.0, |coding| coding.step);
        let fits = |&index: &i8| effective_step(step, index, 0, 0).is_ok();
        (0..=COARSEST).rev().find(fits).unwrap_or(0).into()
    }

    fn source<'a>(&self, bytes: &'a [u8]) -> Result<Source<'a>> {
        let setup = &self.plan.setup;
        let dims = setup.dims.as_slice();
        // 64 bits: on a 32-bit host the bytes of a slice may not fit, and would pass as few.
        let slice = dims[1..].iter().map(|&d| u64::from(d)).product::<u64>() * setup.dtype.size() as u64;
        let length = bytes.len() as u64;
        let count = length.checked_div(slice).unwrap_or(0);
        let fixed = setup.features & feature::ROWS == 0;
        if count * slice != length || count > u64::from(dims[0]) || fixed && count != u64::from(dims[0]) {
            return Err(Error::argument(
                ErrorCode::InvalidTensor,
                Field::Data,
                bytes.len() as u64,
            ));
        }
        let tensor = |dims| TensorRef {
            dtype: setup.dtype,
            dims,
            bytes,
        };
        if fixed {
            return Ok(Source {
                tensor: tensor(setup.dims),
                layout: setup.layout,
                view: setup.view,
                granularity: Granularity::Tensor,
            });
        }
        let mut all = [0; crate::limits::MAX_RANK];
        all[..dims.len()].copy_from_slice(dims);
        all[0] = count as u32;
        let tensor = tensor(Dims::new(&all[..dims.len()])?);
        Source::new(tensor, Some(setup.layout), Granularity::Tensor)
    }

    /// One body at a step index.
    fn attempt(&mut self, source: &Source<'_>, index: i8, out: &mut Vec<u8>) -> Result<Sections> {
        out.clear();
        let Some(coding) = &self.plan.setup.coding else {
            return Ok(self.raw(source.tensor.bytes, out));
        };
        let step = effective_step(coding.step, index, 0, 0)?;
        let info = &mut self.plan.body;
        (info.step_index, info.reset) = (index, self.reset);
        let coded = coding.coded(&source.view);
        let fits = self
            .rows
            .quantise(source, coding, &coded, step, &mut self.state, info, &mut self.tokens)?;
        if !fits {
            return Ok(self.raw(source.tensor.bytes, out));
        }
        self.plan.view = coded;
        let mut sections = Sections::default();
        self.emitter
            .body(&self.plan, &mut self.tokens, Framing::Bare, out, &mut sections)?;
        sections.checksum = self.checksum(out);
        Ok(sections)
    }

    /// A body of values as they are, for what the step cannot express.
    fn raw(&self, bytes: &[u8], out: &mut Vec<u8>) -> Sections {
        out.push(body_flag::RAW | if self.reset { body_flag::RESET } else { 0 });
        if self.plan.setup.features & feature::ROWS != 0 {
            put_varint(out, self.plan.rows);
        }
        let body = out.len();
        out.extend(bytes);
        Sections {
            body,
            payload: bytes.len(),
            checksum: self.checksum(out),
            ..Sections::default()
        }
    }

    fn checksum(&self, out: &mut Vec<u8>) -> usize {
        if self.plan.setup.features & feature::BODY_CHECKSUM == 0 {
            return 0;
        }
        out.extend(crate::crc32c(out).to_le_bytes());
        4
    }
}

/// Scale of every channel relative to the whole sample, in quarter octaves.
fn channel_classes(sample: &TensorRef<'_>, layout: Layout, view: &View) -> Result<Vec<i8>> {
    let source = Source::new(*sample, Some(layout), Granularity::Channel)?;
    if source.view.channels != view.channels {
        return Err(Error::argument(
            ErrorCode::InvalidTensor,
            Field::Data,
            source.view.channels as u64,
        ));
    }
    let mut statistics = Statistics::default();
    statistics.read(&source)?;
    let mean = statistics.total_energy() / statistics.energy.len().max(1) as f64;
    let class = |&e: &f64| {
        if e <= 0.0 || mean <= 0.0 {
            return -24;
        }
        let quarters = 2.0 * crate::math::log2(e / mean);
        ((quarters + 1024.5) as i32 - 1024).clamp(-24, 24) as i8
    };
    Ok(statistics.energy.iter().map(class).collect())
}
