//! The segments of a body: from bytes to values in a sink (spec § Segments and lanes).

use crate::adaptive;
use crate::coding::{Coding, Domain};
use crate::error::{Field, Result};
use crate::frame::Body;
use crate::layout::View;
use crate::levels::{self, Segment};
use crate::limits::{Account, try_resize};
use crate::lookup::{self, Lookup};
use crate::points;
use crate::rans::decode::SlotTables;
use crate::scales::effective_step;
use crate::segment::{ClassMap, Offsets, Scratch};
use crate::sink::Sink;
use alloc::vec::Vec;
use core::ops::Range;
use slicer_dense::dense;

#[cfg(feature = "threads")]
use crate::elements::BLOCK;

/// Values of a segment that are worth handing to another thread.
#[cfg(feature = "threads")]
const GRAIN: usize = 1 << 14;

/// What all segments of a body have in common.
pub(super) struct Job<'a> {
    coding: &'a Coding,
    tables: &'a SlotTables,
    body: &'a Body<'a>,
    classes: ClassMap<'a>,
    step: f32,
    /// Planes of a segment, and how many segments there are.
    per: usize,
    count: usize,
}

impl<'a> Job<'a> {
    /// Charges for memory and work of all segments, one decoded after the other.
    #[inline]
    pub fn charge(
        coding: &'a Coding,
        tables: &'a SlotTables,
        body: &'a Body<'a>,
        account: &mut Account,
    ) -> Result<Self> {
        let view = &body.coded;
        let (per, count) = coding.segmentation(view);
        let longest = per.min(view.planes()) * view.plane();
        account.charge_bytes(memory(coding, view, longest), Field::Segments, body.base)?;
        if coding.adaptive {
            // The row's levels, the numbers and their copy from before the body, the classes.
            account.charge_bytes(17 * view.channels as u64, Field::Classes, body.base)?;
        }
        if coding.dense {
            // Every segment begins with all probabilities, means and positions anew.
            let fresh = dense::MEMORY / 64 + (view.plane() + 2 * view.channels) as u64;
            let work = 8 * view.elements() as u64 + fresh.saturating_mul(count as u64);
            account.charge_work(work, Field::Segments, body.base)?;
        }
        let step = match coding.domain == Domain::Real && view.elements() > 0 {
            true => effective_step(coding.step, body.step_index, 0, body.base)?,
            false => 1.0,
        };
        Ok(Self {
            coding,
            tables,
            body,
            classes: ClassMap::new(&coding.classes, &body.lists.row_classes, coding.class_count(), view),
            step,
            per,
            count,
        })
    }

    /// First plane and bytes of every segment.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = (usize, Range<usize>)> {
        let mut end = 0;
        let lengths = self.body.lists.lengths.iter().take(self.count).enumerate();
        lengths.map(move |(s, &length)| {
            let start = end;
            end += length;
            (s * self.per, start..end)
        })
    }
}

/// Bytes that a worker keeps at most for segments of this many values, whichever way they are decoded: tokens, classes, the group
/// of a context scan and the offsets of a single lane, all of them; or levels and the dense coder.
fn memory(coding: &Coding, view: &View, values: usize) -> u64 {
    let dense = match coding.dense {
        true => dense::MEMORY + 12 * (view.plane() + view.channels) as u64,
        false => 0,
    };
    7 * values as u64 + dense
}

/// Buffers that decoding a segment takes.
#[derive(Default)]
pub(super) struct Work {
    scratch: Scratch,
    levels: Vec<i32>,
    level_scratch: levels::Scratch,
    lookup: Lookup,
}

impl Work {
    /// To be called when another setup begins.
    pub fn begin(&mut self) {
        self.lookup.forget();
    }

    /// Drops the buffers that this kind of body has no use for.
    pub fn forget(&mut self, coding: &Coding) {
        if coding.by_levels() {
            self.scratch = Scratch::default();
        } else {
            (self.levels, self.level_scratch) = (Vec::new(), levels::Scratch::default());
        }
    }

    /// Decodes a segment: its first plane, and its bytes in the payload.
    #[inline(always)]
    pub fn decode(
        &mut self,
        job: &Job<'_>,
        (first, bytes): (usize, Range<usize>),
        state: &mut adaptive::State,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let Job { coding, body, step, .. } = *job;
        let view = &body.coded;
        let values = job.per.min(view.planes() - first) * view.plane();
        let (base, start) = (body.base + bytes.start, first * view.plane());
        let payload = &body.payload[bytes];
        if coding.by_levels() {
            try_resize(&mut self.levels, values, Field::Segments)?;
            let segment = Segment {
                payload,
                base,
                first_plane: first,
                view: *view,
            };
            let (rows, levels) = (&body.lists.row_classes, &mut self.levels[..]);
            self.level_scratch
                .decode(coding, job.tables, rows, segment, state, levels)?;
            return match coding.domain {
                Domain::Real => points::write(coding, body, levels, start, sink, step),
                _ => points::write_levels(levels, start, sink, base),
            };
        }
        let (planes, mut at) = (values / view.plane(), start);
        let mut take = |tokens: &[u8], offsets: &mut Offsets<'_>| {
            let from = at;
            at += tokens.len();
            match coding.domain {
                Domain::Real => self.lookup.write(coding, body, tokens, offsets, from, sink, step),
                _ => lookup::write_levels(coding, tokens, offsets, from, sink, base),
            }
        };
        let place = (first, planes);
        self.scratch
            .decode(coding, job.tables, job.classes, view, place, (payload, base), &mut take)
    }
}

#[cfg(feature = "threads")]
impl Job<'_> {
    /// Decodes the segments side by side; `None`, and nothing done, where that is no work for several threads.
    pub fn share(
        &self,
        crew: &mut crate::crew::Crew<Work>,
        account: &Account,
        sink: &mut dyn Sink,
    ) -> Option<Result<()>> {
        let view = &self.body.coded;
        // With two segments or more, the first is a whole one.
        let values = self.per.min(view.planes()) * view.plane();
        // Adaptive classes follow the rows before.
        if self.count < 2 || values < GRAIN || self.coding.adaptive || crate::crew::threads() < 2 {
            return None;
        }
        // The caller's limit means the same for any number of threads: it counts one, and others take what that one leaves.
        let each = memory(self.coding, view, values) + (8 * BLOCK + size_of::<Work>()) as u64;
        let others = usize::try_from(account.bytes_left() / each).unwrap_or(usize::MAX);
        let threads = crate::crew::threads().min(others.saturating_add(1));
        if threads < 2 {
            return None;
        }
        let parts = sink.parts(values)?;
        if parts.len() != self.count {
            return None;
        }
        let decode = |work: &mut Work, (segment, mut part): (_, crate::sink::Part<'_>)| {
            work.decode(self, segment, &mut adaptive::State::default(), &mut *part)
        };
        Some(crew.share(threads, self.segments().zip(parts), decode, |()| ()))
    }
}
