//! The decoder: from bytes to a tensor or an error, never anything between (spec § Decoding).

mod segments;

use crate::adaptive;
use crate::bytes::Entry;
use crate::coding::Coding;
use crate::crew::Crew;
use crate::dtype::DType;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::frame::{self, Body, Lists};
use crate::inverse::Inverse;
use crate::layout::Dims;
use crate::limits::{Account, Limits};
use crate::profile::Profile;
use crate::rans::decode::SlotTables;
use crate::setup::Setup;
use crate::sink::{Collect, Sink};
use alloc::sync::Arc;
use alloc::vec::Vec;
use segments::{Job, Work};

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
    crew: Crew<Work>,
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
    #[inline(never)]
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
    #[inline(never)]
    pub fn decode_into(&mut self, bytes: &[u8], limits: Limits, out: &mut Vec<u8>) -> Result<(DType, Dims)> {
        let result = self.visit(bytes, limits, &mut Collect::new(out));
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
                self.crew.for_all(Work::begin);
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
        self.crew.for_all(|work| work.forget(coding));
        if !coding.has_transforms() {
            self.inverse = Inverse::default();
        }
    }

    /// Decodes all segments of a coded body.
    #[inline(never)]
    fn segments(&mut self, coding: &Coding, body: &Body<'_>, account: &mut Account, sink: &mut dyn Sink) -> Result<()> {
        let job = Job::charge(coding, &self.tables, body, account)?;
        #[cfg(feature = "threads")]
        if let Some(result) = job.share(&mut self.crew, account, sink) {
            return result;
        }
        for segment in job.segments() {
            self.crew.first.decode(&job, segment, &mut self.state, sink)?;
        }
        Ok(())
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
    #[inline(never)]
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
    #[inline(never)]
    pub fn decode_into(&mut self, body: &[u8], limits: Limits, out: &mut Vec<u8>) -> Result<(DType, Dims)> {
        let mut account = Account::new(limits);
        let mut lists = core::mem::take(&mut self.decoder.lists);
        self.before.clone_from(&self.decoder.state);
        let result = frame::read_bare(body, &self.setup, &mut account, &mut lists).and_then(|body| {
            self.decoder
                .body(&self.setup, &body, &mut account, &mut Collect::new(out))?;
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
