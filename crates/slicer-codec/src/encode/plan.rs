//! What an encoder decided: a setup and the side information of one body, before entropy coding.

use super::emit::{BodyInfo, Tokens};
use super::source::{Granularity, Source};
use super::tools::Search;
use crate::bins::Bins;
use crate::bits::BitWriter;
use crate::coding::{Classes, Coding, Domain, Lanes, Scales};
use crate::contexts::Thresholds;
use crate::elements::BLOCK;
use crate::layout::View;
use crate::setup::{Setup, feature};
use crate::tables::Tables;
use alloc::vec::Vec;

/// Values per segment this encoder aims at; large tensors are cut so that memory stays bounded and threads find work.
const SEGMENT_VALUES: usize = 1 << 18;
/// Lane states may cost one part of the payload in this many, by what is searched.
const fn state_share(search: Search) -> f64 {
    match search {
        Search::Classes => 50.0,
        Search::All => 200.0,
    }
}

/// Everything the emitter needs but the tokens.
#[derive(Debug)]
pub(super) struct Plan {
    pub setup: Setup,
    pub view: View,
    pub rows: u32,
    pub body: BodyInfo,
}

/// How a tensor's values become levels: the part of a plan that encoders choose.
#[derive(Debug)]
pub(super) struct Quantiser {
    pub domain: Domain,
    /// Reconstruction step of the setup.
    pub step: f32,
    /// Scale code per group of the source's granularity; empty with one group.
    pub scales: Vec<i8>,
    pub bins: Bins,
}

impl Default for Quantiser {
    fn default() -> Self {
        Self {
            domain: Domain::Real,
            step: 1.0,
            scales: Vec::new(),
            bins: Bins::default(),
        }
    }
}

/// Entropy-coding tools of a plan.
#[derive(Debug, Default)]
pub(super) struct Tools {
    pub tables: Tables,
    pub channel_classes: Vec<i8>,
    pub row_classes: Vec<i8>,
    pub thresholds: Thresholds,
    /// Estimated payload bits.
    pub payload_bits: f64,
    /// Estimated bits of tables and maps.
    pub side_bits: f64,
}

/// Planes per segment for a view; 0 = one segment.
pub(super) fn segment_planes(view: &View) -> u32 {
    if view.elements() <= 2 * SEGMENT_VALUES {
        return 0;
    }
    (SEGMENT_VALUES / view.plane()).max(1) as u32
}

/// Values per segment, for cutting runs; 0 = no cut.
pub(super) fn segment_values(view: &View) -> usize {
    segment_planes(view) as usize * view.plane()
}

/// End of a run that begins at `at`: a block further, or where the segment or the values end.
pub(super) fn run_end(view: &View, at: usize, len: usize) -> usize {
    let segment = match segment_values(view) {
        0 => len,
        n => (at / n + 1).saturating_mul(n),
    };
    len.min(segment).min(at + BLOCK)
}

/// Lanes for a payload of this many bits per segment.
fn choose_lanes(bits: f64, view: &View, contexts: bool, search: Search) -> Lanes {
    let segments = if segment_planes(view) == 0 {
        1
    } else {
        view.planes().div_ceil(segment_planes(view) as usize)
    };
    let bytes = bits / 8.0 / segments as f64;
    let mut best = Lanes { streams: 1, width: 1 };
    for total in [2, 4, 8, 32] {
        let states = 4.0 * total as f64;
        let idle = contexts && view.planes() < total;
        if states * state_share(search) <= bytes && !idle {
            best = Lanes::with_total(total).unwrap_or(best);
        }
    }
    best
}

impl Plan {
    /// Joins a quantiser and tools into a setup and a body.
    pub fn new(source: &Source<'_>, quantiser: Quantiser, tools: Tools, search: Search) -> Self {
        let view = source.view;
        let (mut scales, mut body) = (Scales::default(), BodyInfo::default());
        if source.granularity == Granularity::Row {
            scales.rows = !quantiser.scales.is_empty();
            body.row_scales = quantiser.scales;
        } else {
            scales.channels = quantiser.scales;
        }
        let classes = Classes {
            rows: !tools.row_classes.is_empty(),
            channels: tools.channel_classes,
        };
        body.row_classes = tools.row_classes;
        let segment_planes = segment_planes(&view);
        let mut features = feature::CODED;
        let mut set = |bit, on: bool| features |= if on { bit } else { 0 };
        set(feature::SCALES, scales != Scales::default());
        set(feature::CLASSES, classes != Classes::default());
        set(feature::CONTEXTS, !tools.thresholds.is_empty());
        set(feature::SEGMENTS, segment_planes > 0);
        let coding = Coding {
            domain: quantiser.domain,
            lanes: choose_lanes(tools.payload_bits, &view, !tools.thresholds.is_empty(), search),
            step: quantiser.step,
            scales,
            bins: quantiser.bins,
            tables: tools.tables,
            classes,
            thresholds: tools.thresholds,
            segment_planes,
            dense: false,
            trellis: false,
            adaptive: false,
            profile: None,
            channel_transform: false,
            dct: None,
        };
        let setup = Setup {
            features,
            dtype: source.tensor.dtype,
            dims: source.tensor.dims,
            layout: source.layout,
            view,
            coding: Some(coding),
        };
        Self {
            setup,
            view,
            rows: 0,
            body,
        }
    }

    /// What it was made of, for the buffers: nothing else of it is of use.
    pub fn into_parts(self) -> (Quantiser, Tools) {
        let (mut quantiser, mut tools) = (Quantiser::default(), Tools::default());
        if let Some(coding) = self.setup.coding {
            let by_row = coding.scales.rows;
            quantiser.scales = if by_row {
                self.body.row_scales
            } else {
                coding.scales.channels
            };
            quantiser.bins = coding.bins;
            tools.tables = coding.tables;
            tools.channel_classes = coding.classes.channels;
        }
        tools.row_classes = self.body.row_classes;
        (quantiser, tools)
    }
}

/// Collects tokens and offsets in scan order, cutting the offsets at segment boundaries.
pub(super) struct TokenSink<'a> {
    out: &'a mut Tokens,
    /// Offsets.
    pub bits: BitWriter,
    cut: usize,
}

impl<'a> TokenSink<'a> {
    pub fn new(out: &'a mut Tokens, view: &View) -> Self {
        out.tokens.clear();
        out.tokens.reserve_exact(view.elements());
        Self::begin(out, view)
    }

    /// The same where all tokens are there already, and only offsets and segments are to be collected.
    pub fn begin(out: &'a mut Tokens, view: &View) -> Self {
        out.starts.clear();
        out.offsets.clear();
        out.classes.clear();
        let bits = BitWriter::after(core::mem::take(&mut out.offsets));
        Self {
            out,
            bits,
            cut: segment_values(view),
        }
    }

    /// Must be called before the value at scan position `at` is pushed, with runs that never straddle a segment.
    pub fn run(&mut self, at: usize) {
        if at == 0 || (self.cut > 0 && at.is_multiple_of(self.cut)) {
            self.bits.align();
            self.out.starts.push(self.bits.bytes.len());
        }
    }

    #[inline]
    pub fn token(&mut self, token: u8) {
        self.out.tokens.push(token);
    }

    /// Classes of the values just pushed, where they follow from what came before.
    pub fn classes(&mut self, classes: &[u8]) {
        self.out.classes.extend_from_slice(classes);
    }

    #[inline]
    pub fn offset(&mut self, value: u32, bits: u32) {
        self.bits.put(value, bits);
    }

    /// Whole bytes of offsets so far.
    pub fn offset_bytes(&self) -> usize {
        self.bits.bytes.len()
    }

    pub fn finish(mut self) {
        self.bits.align();
        self.out.starts.push(self.bits.bytes.len());
        self.out.offsets = self.bits.bytes;
    }
}
