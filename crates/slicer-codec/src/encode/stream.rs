//! Streams: a setup sent once, then one bare body per call; for tensors that arrive token by token (spec § Framing).

use super::emit::{BodyInfo, Emitter, Sections, Tokens};
use super::plan::{Plan, TokenSink};
use super::quantise::{self, MAX_LEVEL};
use super::scale_codes::is_usable;
use super::source::{Granularity, Source, Statistics, TensorRef};
use super::tools;
use super::uniform::find;
use crate::bins::{Bins, Uniform};
use crate::bytes::put_varint;
use crate::contexts::Thresholds;
use crate::dtype::DType;
use crate::elements::BLOCK;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::frame::{DRAFT, Framing, VERSION, body_flag};
use crate::layout::{Dims, Layout, View};
use crate::coding::{Classes, Coding, Domain, Lanes, Scales};
use crate::setup::{Setup, feature};
use crate::tables::{TableSource, Tables};
use alloc::vec::Vec;

/// Unit levels on each side of zero; what lies beyond escapes exactly.
const UNITS: u32 = 15;
/// Doubling escapes that reach every level an encoder may produce.
const ESCAPES: u8 = 30;

/// What a stream fixes for all of its bodies.
#[derive(Clone, Copy, Debug)]
pub struct StreamOptions<'a> {
    /// Element type.
    pub dtype: DType,
    /// Dims of a body; the first is the largest number of rows a body may have.
    pub dims: &'a [u32],
    /// Layout; `None` = the default of the rank.
    pub layout: Option<Layout>,
    /// Quantisation step, the same for every row.
    pub step: f32,
    /// Tail shape of the built-in tables, 0 (heavy) to 3 (light).
    pub shape: u8,
    /// Append a CRC-32C to every body.
    pub checksum: bool,
}

/// Encodes bodies of one setup.
pub struct StreamEncoder {
    plan: Plan,
    emitter: Emitter,
    tokens: Tokens,
    candidates: Vec<Vec<f32>>,
}

impl StreamEncoder {
    /// Fixes the setup. A `sample` of typical rows teaches it how busy each channel is; without one all channels are alike.
    pub fn new(options: &StreamOptions<'_>, sample: Option<&TensorRef<'_>>) -> Result<Self> {
        let step_ok = is_usable(options.step);
        if !step_ok || options.shape > 3 {
            return Err(Error::argument(
                ErrorCode::InvalidOption,
                Field::Step,
                options.shape.into(),
            ));
        }
        let dims = Dims::new(options.dims)?;
        let layout = options.layout.unwrap_or(Layout::default_for(options.dims.len()));
        if !layout.rows_begin_with_axis_0(options.dims.len()) {
            return Err(Error::argument(
                ErrorCode::BadDims,
                Field::Dims,
                options.dims.len() as u64,
            ));
        }
        let view = View::new(&dims, &layout)?;
        let invalid = |code| Error::argument(code, Field::Options, 0);
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
        let tables = Tables::new(source, 12, tools::family_scales(), &bins, false).map_err(invalid)?;
        let channels = match sample {
            Some(sample) => channel_classes(sample, layout, &view)?,
            None => Vec::new(),
        };
        let mut features = feature::CODED | feature::CLASSES | feature::ROWS;
        if options.checksum {
            features |= feature::BODY_CHECKSUM;
        }
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
            trellis: false,
            adaptive: false,
            profile: None,
            channel_transform: false,
            dct: None,
        };
        let mut emitter = Emitter::default();
        emitter.prepare(&coding);
        let candidates = (0..coding.tables.count)
            .map(|t| coding.tables.table(t).iter().map(|&f| tools::token_bits(f)).collect())
            .collect();
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
            candidates,
        })
    }

    /// The setup's bytes: two version bytes, then its fields.
    pub fn setup(&self) -> Vec<u8> {
        let mut out = alloc::vec![VERSION, DRAFT];
        self.plan.setup.write(&mut out);
        out
    }

    /// Encodes `bytes`, a whole number of first-axis slices, as one bare body into `out`, which is overwritten.
    pub fn encode(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Sections> {
        out.clear();
        let setup = &self.plan.setup;
        let dims = setup.dims.as_slice();
        let slice = dims[1..].iter().map(|&d| d as usize).product::<usize>() * setup.dtype.size();
        let count = bytes.len().checked_div(slice).unwrap_or(0);
        if count * slice != bytes.len() || count > dims[0] as usize {
            return Err(Error::argument(
                ErrorCode::InvalidTensor,
                Field::Data,
                bytes.len() as u64,
            ));
        }
        let mut all = [0; crate::limits::MAX_RANK];
        all[..dims.len()].copy_from_slice(dims);
        all[0] = count as u32;
        let tensor = TensorRef {
            dtype: setup.dtype,
            dims: Dims::new(&all[..dims.len()])?,
            bytes,
        };
        let source = Source::new(tensor, Some(setup.layout), Granularity::Tensor)?;
        self.plan.view = source.view;
        self.plan.rows = count as u32;
        if !self.quantise(&source)? {
            return Ok(self.raw(bytes, out));
        }
        self.choose_row_classes();
        let mut sections = Sections::default();
        self.emitter
            .body(&self.plan, &mut self.tokens, Framing::Bare, out, &mut sections)?;
        sections.checksum = self.checksum(out);
        Ok(sections)
    }

    /// A body of values as they are, for what the step cannot express.
    fn raw(&self, bytes: &[u8], out: &mut Vec<u8>) -> Sections {
        out.push(body_flag::RAW);
        put_varint(out, self.plan.rows);
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

    /// Tokens of a body; `false` if a level leaves the range of the bins.
    fn quantise(&mut self, source: &Source<'_>) -> Result<bool> {
        let Some(coding) = &self.plan.setup.coding else {
            return Ok(false);
        };
        let mut sink = TokenSink::new(&mut self.tokens, &source.view);
        let mut levels = [0i32; BLOCK];
        let (mut finite, mut inside) = (true, true);
        let zero = coding.bins.zero() as i32;
        source.for_runs(0, &mut |at, values, _| {
            finite &= values.iter().all(|v| v.is_finite());
            let levels = &mut levels[..values.len()];
            quantise::levels(values, 1.0 / coding.step, 0.0, levels);
            sink.run(at);
            for &k in levels.iter() {
                if k.unsigned_abs() <= UNITS {
                    sink.token((zero + k) as u8);
                } else {
                    inside &= k.unsigned_abs() < MAX_LEVEL as u32;
                    let token = find(&coding.bins, k);
                    let bin = &coding.bins.list()[usize::from(token)];
                    sink.token(token);
                    sink.offset((i64::from(k) - i64::from(bin.lower)) as u32, u32::from(bin.bits));
                }
            }
        });
        sink.finish();
        if source.len() == 0 {
            self.tokens.starts.push(0);
        }
        if finite {
            Ok(inside)
        } else {
            Err(Error::argument(ErrorCode::NonFinite, Field::Data, 0))
        }
    }

    /// The cheapest class of every row: costs are convex in the scale, so walk downhill from the last row's class.
    fn choose_row_classes(&mut self) {
        let Some(coding) = &self.plan.setup.coding else { return };
        let view = &self.plan.view;
        let row = view.channels * view.plane();
        let channels = &coding.classes.channels;
        let mut class = self.plan.body.row_classes.last().copied().unwrap_or(20);
        self.plan.body.row_classes.clear();
        if row == 0 {
            self.plan.body.row_classes.resize(view.rows, 0);
            return;
        }
        for tokens in self.tokens.tokens.chunks(row) {
            let cost = |class: i8| -> f32 {
                let table = |c: usize| {
                    let channel = channels.get(c).copied().unwrap_or(0);
                    &self.candidates[crate::classes::combine(class, channel, self.candidates.len())]
                };
                let planes = tokens.chunks(view.plane()).enumerate();
                planes
                    .map(|(c, plane)| plane.iter().map(|&t| table(c)[usize::from(t)]).sum::<f32>())
                    .sum()
            };
            let mut best = cost(class);
            for direction in [1i8, -1] {
                while (0..self.candidates.len() as i8).contains(&(class + direction)) {
                    let next = cost(class + direction);
                    if next >= best {
                        break;
                    }
                    (best, class) = (next, class + direction);
                }
            }
            self.plan.body.row_classes.push(class);
        }
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
    let statistics = Statistics::of(&source)?;
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
