//! The decoder: from bytes to a tensor or an error, never anything between (spec § Decoding).

use crate::adaptive;
use crate::bytes::Entry;
use crate::coding::{Coding, Domain};
use crate::dtype::DType;
use crate::elements;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::frame::{self, Body, Lists};
use crate::inverse::Inverse;
use crate::layout::{Dims, View};
use crate::levels::{self, Segment};
use crate::limits::{Account, Limits, try_resize};
use crate::lookup::{self, Lookup};
use crate::points;
use crate::profile::Profile;
use crate::rans::decode::SlotTables;
use crate::scales::effective_step;
use crate::segment::{ClassMap, Scratch};
use crate::setup::Setup;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A decoded tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Element type.
    pub dtype: DType,
    /// Dims, row-major.
    pub dims: Dims,
    /// Little-endian elements.
    pub bytes: Vec<u8>,
}

/// A reusable decoder: after the first call of a size it allocates nothing for the tensor.
#[derive(Default)]
pub struct Decoder {
    tables: SlotTables,
    scratch: Scratch,
    tokens: Vec<u8>,
    levels: Vec<i32>,
    level_scratch: levels::Scratch,
    lookup: Lookup,
    inverse: Inverse,
    /// Adaptive classes: what the bodies before left.
    state: adaptive::State,
    profiles: Vec<Arc<Profile>>,
    lists: Lists,
    /// Setup of the last standalone frame, kept for its buffers.
    setup: Option<Setup>,
}

impl Decoder {
    /// An empty decoder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets frames refer to a profile. Two profiles with one id and different contents are an error.
    pub fn add_profile(&mut self, profile: Arc<Profile>) -> Result<()> {
        match self.profiles.iter().find(|p| p.id() == profile.id()) {
            Some(held) if held.hash != profile.hash => {
                Err(Error::argument(ErrorCode::ProfileMismatch, Field::ProfileId, 0))
            }
            Some(_) => Ok(()),
            None => {
                self.profiles.push(profile);
                Ok(())
            }
        }
    }

    /// Decodes a standalone frame into `out`, which is resized to the tensor's bytes; on error it is left empty.
    pub fn decode_into(&mut self, bytes: &[u8], limits: Limits, out: &mut Vec<u8>) -> Result<(DType, Dims)> {
        let result = self.visit(bytes, limits, &mut Collect { target: None, out });
        if result.is_err() {
            out.clear();
        }
        result
    }

    /// Decodes a standalone frame into a sink, which must forget what it saw if an error follows.
    pub(crate) fn visit(&mut self, bytes: &[u8], limits: Limits, sink: &mut dyn Sink) -> Result<(DType, Dims)> {
        let mut account = Account::new(limits);
        let mut lists = core::mem::take(&mut self.lists);
        let result = frame::read_standalone(bytes, &mut account, &self.profiles, None, self.setup.take(), &mut lists)
            .and_then(|(setup, body)| {
                self.state.reset();
                self.lookup.forget();
                if let Some(coding) = setup.coding.as_ref().filter(|_| !body.raw) {
                    self.tables.build(&coding.tables)?;
                }
                self.body(&setup, &body, &mut account, sink)?;
                let shape = (setup.dtype, body.dims);
                self.setup = Some(setup);
                Ok(shape)
            });
        self.lists = lists;
        result
    }

    /// Decodes a parsed body; `self.tables` must already hold the setup's tables.
    fn body(&mut self, setup: &Setup, body: &Body<'_>, account: &mut Account, sink: &mut dyn Sink) -> Result<()> {
        let view = &body.view;
        sink.begin(setup.dtype, view)?;
        if body.reset {
            self.state.reset();
        }
        let coding = match &setup.coding {
            Some(coding) if !body.raw => coding,
            _ => {
                sink.raw(body.payload);
                return Ok(());
            }
        };
        self.forget(coding);
        if coding.has_transforms() {
            let mut inverse = core::mem::take(&mut self.inverse);
            let result = inverse
                .begin(coding, body, account)
                .and_then(|()| self.segments(coding, body, account, &mut inverse))
                .and_then(|()| inverse.finish(coding, body, sink));
            self.inverse = inverse;
            return result;
        }
        self.segments(coding, body, account, sink)
    }

    /// Drops the buffers that this kind of body has no use for: kept, those of every kind would add up to several times what a
    /// caller allows for one.
    fn forget(&mut self, coding: &Coding) {
        if coding.by_levels() {
            (self.tokens, self.scratch) = (Vec::new(), Scratch::default());
        } else {
            (self.levels, self.level_scratch) = (Vec::new(), levels::Scratch::default());
        }
        if !coding.has_transforms() {
            self.inverse = Inverse::default();
        }
    }

    /// Decodes all segments of a coded body.
    fn segments(&mut self, coding: &Coding, body: &Body<'_>, account: &mut Account, sink: &mut dyn Sink) -> Result<()> {
        let view = &body.coded;
        let (per, count) = coding.segmentation(view);
        let longest = per.min(view.planes()) * view.plane();
        // Tokens, the group of a context scan, offsets and classes of a single lane: kept, all of them; or levels and the dense coder.
        account.charge_bytes(7 * longest as u64, Field::Segments, body.base)?;
        if coding.adaptive {
            // The row's levels, the numbers and their copy from before the body, the classes.
            account.charge_bytes(17 * view.channels as u64, Field::Classes, body.base)?;
        }
        if coding.dense {
            account.charge_bytes(
                slicer_dense::dense::MEMORY + 12 * (view.plane() + view.channels) as u64,
                Field::Segments,
                body.base,
            )?;
            // Every segment begins with all probabilities, means and positions anew.
            let fresh = slicer_dense::dense::MEMORY / 64 + (view.plane() + 2 * view.channels) as u64;
            let work = 8 * view.elements() as u64 + fresh.saturating_mul(count as u64);
            account.charge_work(work, Field::Segments, body.base)?;
        }
        let classes = ClassMap::new(&coding.classes, &body.lists.row_classes, coding.class_count(), view);
        let step = body_step(coding, body)?;
        let mut at = 0;
        for (s, &length) in body.lists.lengths.iter().enumerate().take(count) {
            let first = s * per;
            let planes = per.min(view.planes() - first);
            let values = planes * view.plane();
            let (payload, base) = (&body.payload[at..at + length], body.base + at);
            let start = first * view.plane();
            if coding.by_levels() {
                try_resize(&mut self.levels, values, Field::Segments)?;
                let segment = Segment {
                    payload,
                    base,
                    first_plane: first,
                    view: *view,
                };
                let rows = &body.lists.row_classes;
                let (levels, state) = (&mut self.levels[..], &mut self.state);
                self.level_scratch
                    .decode(coding, &self.tables, rows, segment, state, levels)?;
                match coding.domain {
                    Domain::Real => points::write(coding, body, levels, start, sink, step)?,
                    _ => points::write_levels(levels, start, sink, base)?,
                }
            } else {
                try_resize(&mut self.tokens, values, Field::Segments)?;
                let tokens = &mut self.tokens[..];
                let mut offsets =
                    self.scratch
                        .decode(coding, &self.tables, classes, view, first, (payload, base), tokens)?;
                match coding.domain {
                    Domain::Real => self
                        .lookup
                        .write(coding, body, tokens, &mut offsets, start, sink, step)?,
                    _ => lookup::write_levels(coding, tokens, &mut offsets, start, sink, base)?,
                }
                offsets.finish().map_err(|e| e.at(base))?;
            }
            at += length;
        }
        Ok(())
    }
}

fn body_step(coding: &Coding, body: &Body<'_>) -> Result<f32> {
    if coding.domain == Domain::Real && body.coded.elements() > 0 {
        effective_step(coding.step, body.step_index, 0, body.base)
    } else {
        Ok(1.0)
    }
}

/// Where decoded values go, block by block in scan order.
pub(crate) trait Sink {
    /// Called once, before anything else, with what is to come.
    fn begin(&mut self, dtype: DType, view: &View) -> Result<()>;
    /// Values of the real domain at scan position `at`.
    fn values(&mut self, at: usize, values: &[f32]);
    /// The same values are to be written here instead, little-endian, if the sink has a place for them.
    fn cells(&mut self, _at: usize, _length: usize) -> Option<&mut [[u8; 4]]> {
        None
    }
    /// Levels of the other domains; a level outside the type is the error.
    fn levels(&mut self, at: usize, levels: &[i32]) -> core::result::Result<(), i32>;
    /// The whole tensor as it is.
    fn raw(&mut self, bytes: &[u8]);
}

/// Collects a tensor's bytes in memory order.
struct Collect<'a> {
    target: Option<(DType, View)>,
    out: &'a mut Vec<u8>,
}

impl Sink for Collect<'_> {
    fn begin(&mut self, dtype: DType, view: &View) -> Result<()> {
        self.target = Some((dtype, *view));
        try_resize(self.out, view.elements() * dtype.size(), Field::Dims)
    }

    fn cells(&mut self, at: usize, length: usize) -> Option<&mut [[u8; 4]]> {
        let (dtype, view) = self.target.as_ref()?;
        if *dtype != DType::F32 || !view.is_contiguous() {
            return None;
        }
        self.out.as_chunks_mut().0.get_mut(at..at + length)
    }

    fn values(&mut self, at: usize, values: &[f32]) {
        if let Some((dtype, view)) = &self.target {
            elements::store(*dtype, view, values, at, self.out);
        }
    }

    fn levels(&mut self, at: usize, levels: &[i32]) -> core::result::Result<(), i32> {
        match &self.target {
            Some((dtype, view)) => elements::store_levels(*dtype, view, levels, at, self.out),
            None => Ok(()),
        }
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.copy_from_slice(bytes);
    }
}

/// Decodes one standalone frame.
///
/// Returns the tensor, or an error with code, byte offset and field; never a partial tensor. Nothing is allocated before
/// the lengths that ask for it are checked against `limits`.
pub fn decode(bytes: &[u8], limits: Limits) -> Result<Tensor> {
    let mut out = Vec::new();
    let (dtype, dims) = Decoder::new().decode_into(bytes, limits, &mut out)?;
    Ok(Tensor {
        dtype,
        dims,
        bytes: out,
    })
}

/// Lists every field of a standalone frame with its bytes; the payload is located, not decoded.
pub fn inspect(bytes: &[u8], profiles: &[Arc<Profile>], limits: Limits) -> Result<Vec<Entry>> {
    let mut trace = Vec::new();
    let mut lists = Lists::default();
    frame::read_standalone(
        bytes,
        &mut Account::new(limits),
        profiles,
        Some(&mut trace),
        None,
        &mut lists,
    )?;
    Ok(trace)
}

/// Decodes the bare bodies of a stream whose setup was received once.
pub struct StreamDecoder {
    setup: Setup,
    decoder: Decoder,
    before: adaptive::State,
}

impl StreamDecoder {
    /// Reads the setup: two version bytes, then the setup's fields.
    pub fn new(setup: &[u8], profiles: &[Arc<Profile>], limits: Limits) -> Result<Self> {
        let setup = frame::read_setup(setup, profiles, limits)?;
        let mut decoder = Decoder::new();
        if let Some(coding) = &setup.coding {
            decoder.tables.build(&coding.tables)?;
        }
        Ok(Self {
            setup,
            decoder,
            before: adaptive::State::default(),
        })
    }

    /// Decodes one body into `out`, which is resized; on error it is left empty and the state is what it was.
    pub fn decode_into(&mut self, body: &[u8], limits: Limits, out: &mut Vec<u8>) -> Result<(DType, Dims)> {
        let mut account = Account::new(limits);
        let mut lists = core::mem::take(&mut self.decoder.lists);
        self.before.clone_from(&self.decoder.state);
        let result = frame::read_bare(body, &self.setup, &mut account, &mut lists).and_then(|body| {
            let mut sink = Collect { target: None, out };
            self.decoder.body(&self.setup, &body, &mut account, &mut sink)?;
            Ok((self.setup.dtype, body.dims))
        });
        self.decoder.lists = lists;
        if result.is_err() {
            core::mem::swap(&mut self.decoder.state, &mut self.before);
            out.clear();
        }
        result
    }

    /// What the bodies so far left for the next one.
    pub fn state(&self) -> &adaptive::State {
        &self.decoder.state
    }

    /// Goes on from another state: one taken before a loss, or a new one.
    pub fn restore(&mut self, state: &adaptive::State) -> Result<()> {
        state.check(channels(&self.setup))?;
        self.decoder.state.clone_from(state);
        Ok(())
    }

    /// The setup.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }
}

/// Channels whose classes a stream's state holds.
pub(crate) fn channels(setup: &Setup) -> usize {
    let coded = setup.coding.as_ref().map(|coding| coding.coded(&setup.view));
    coded.unwrap_or(setup.view).channels
}
