//! From tokens to values: one look-up or one product per value, offsets where a bin has them (spec § Reconstruction).

use crate::coding::Coding;
use crate::elements::BLOCK;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::frame::Body;
use crate::limits::try_resize;
use crate::reconstruct;
use crate::scales::effective_step;
use crate::segment::Offsets;
use crate::sink::Sink;
use alloc::vec::Vec;
use slicer_kernels::CHUNK;

/// What the tokens of a setup stand for under one step, kept from body to body, and buffers for sinks that have no place of
/// their own.
pub(crate) struct Lookup {
    /// The step of `values`; 0 if there are none.
    step: f32,
    values: [f32; 256],
    /// Tokens without offset stand for multiples of the step.
    linear: bool,
    cells: Vec<[u8; 4]>,
    block: Vec<f32>,
}

impl Default for Lookup {
    fn default() -> Self {
        Self {
            step: 0.0,
            values: [0.0; 256],
            linear: false,
            cells: Vec::new(),
            block: Vec::new(),
        }
    }
}

impl Lookup {
    /// To be called when another setup begins.
    pub fn forget(&mut self) {
        self.step = 0.0;
    }

    /// Real domain: writes the values of the tokens from scan position `start` on.
    #[allow(clippy::too_many_arguments)]
    pub fn write(
        &mut self,
        coding: &Coding,
        body: &Body<'_>,
        tokens: &[u8],
        offsets: &mut Offsets<'_>,
        start: usize,
        target: &mut dyn Sink,
        step: f32,
    ) -> Result<()> {
        let view = &body.coded;
        let scaled = !(body.lists.row_scales.is_empty() && coding.scales.channels.is_empty());
        let (mut at, end) = (start, start + tokens.len());
        while at < end {
            let (mut stop, mut e) = (end.min(at + BLOCK), step);
            if scaled {
                // Every plane may have its own step.
                let plane = at / view.plane();
                stop = stop.min((plane + 1) * view.plane());
                let row = body.lists.row_scales.get(plane / view.channels).copied().unwrap_or(0);
                let channel = coding.scales.channels.get(plane % view.channels).copied().unwrap_or(0);
                e = effective_step(step, row, channel, body.base)?;
            }
            let tokens = &tokens[at - start..stop - start];
            // A look-up pays where a step serves as many values as there are bins; planes of one value with a step each would
            // otherwise cost 256 times what they are charged for.
            if e != self.step && tokens.len() >= coding.bins.list().len() {
                self.fill(coding, e);
            }
            if let Some(cells) = target.cells(at, tokens.len()) {
                self.cells(coding, tokens, offsets, e, cells)?;
            } else {
                let mut cells = core::mem::take(&mut self.cells);
                try_resize(&mut cells, tokens.len(), Field::Payload)?;
                self.cells(coding, tokens, offsets, e, &mut cells)?;
                try_resize(&mut self.block, tokens.len(), Field::Payload)?;
                slicer_kernels::load(cells.as_flattened(), &mut self.block);
                target.values(at, &self.block);
                self.cells = cells;
            }
            at = stop;
        }
        Ok(())
    }

    fn fill(&mut self, coding: &Coding, step: f32) {
        reconstruct::fill_lut(&coding.bins, step, &mut self.values);
        let ((first, count), zero) = (coding.bins.plain(), coding.bins.zero() as i32);
        let mut plain = self.values.iter().enumerate().skip(first.into()).take(count.into());
        self.linear = count > 0 && plain.all(|(t, v)| v.to_bits() == product(t as u8, zero, step).to_bits());
        self.step = step;
    }

    fn cells(
        &self,
        coding: &Coding,
        tokens: &[u8],
        offsets: &mut Offsets<'_>,
        step: f32,
        cells: &mut [[u8; 4]],
    ) -> Result<()> {
        let bins = coding.bins.list();
        if step != self.step {
            for (v, &t) in cells.iter_mut().zip(tokens) {
                let level = level(coding, t, offsets)?;
                *v = reconstruct::value(&bins[usize::from(t)], level, step).to_le_bytes();
            }
            return Ok(());
        }
        if self.linear {
            // The look-up's entries, and which of two ways gives them is a matter of speed: a product is a vector operation.
            slicer_kernels::products(tokens, coding.bins.zero() as i32, step, cells);
        } else {
            for (v, &t) in cells.iter_mut().zip(tokens) {
                *v = self.values[usize::from(t)].to_le_bytes();
            }
        }
        if offsets.are_over() || !coding.bins.has_offsets() {
            return Ok(());
        }
        let (first, count) = coding.bins.plain();
        let (low, high) = match count {
            0 => (1, 0),
            _ => (first, (usize::from(first) + usize::from(count) - 1) as u8),
        };
        let mut flags = [false; BLOCK / CHUNK];
        slicer_kernels::outside(tokens, low, high, &mut flags);
        for ((cells, tokens), &outside) in cells.chunks_mut(CHUNK).zip(tokens.chunks(CHUNK)).zip(&flags) {
            if !outside {
                continue;
            }
            for (v, &t) in cells.iter_mut().zip(tokens) {
                let bin = &bins[usize::from(t)];
                let value = match bin.bits {
                    0 => self.values[usize::from(t)],
                    _ => reconstruct::value(bin, level(coding, t, offsets)?, step),
                };
                *v = value.to_le_bytes();
            }
        }
        Ok(())
    }
}

/// Value of a token where bins are single levels around the zero token.
#[inline(always)]
fn product(token: u8, zero: i32, step: f32) -> f32 {
    (i32::from(token) - zero) as f32 * step
}

/// Level of a token.
#[inline]
fn level(coding: &Coding, token: u8, offsets: &mut Offsets<'_>) -> Result<i32> {
    let bin = &coding.bins.list()[usize::from(token)];
    let offset = if bin.bits == 0 {
        0
    } else {
        offsets.next(u32::from(bin.bits))?
    };
    Ok(bin.level(offset))
}

/// Integer and float-bits domains: levels are the values.
pub(crate) fn write_levels(
    coding: &Coding,
    tokens: &[u8],
    offsets: &mut Offsets<'_>,
    start: usize,
    target: &mut dyn Sink,
    base: usize,
) -> Result<()> {
    let mut levels = [0i32; BLOCK];
    for (b, tokens) in tokens.chunks(BLOCK).enumerate() {
        let levels = &mut levels[..tokens.len()];
        for (l, &token) in levels.iter_mut().zip(tokens) {
            *l = level(coding, token, offsets)?;
        }
        target
            .levels(start + b * BLOCK, levels)
            .map_err(|l| Error::new(ErrorCode::Corrupt, Field::Payload, base, l as u64))?;
    }
    Ok(())
}
