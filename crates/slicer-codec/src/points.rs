//! From levels to values, where levels are what a segment decodes to (spec § 11, § 17).

use crate::coding::Coding;
use crate::elements::BLOCK;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::frame::Body;
use crate::reconstruct;
use crate::scales::effective_step;
use crate::sink::Sink;
use slicer_dense::trellis::Walk;

/// Values of the real domain.
pub(crate) fn write(
    coding: &Coding,
    body: &Body<'_>,
    levels: &[i32],
    start: usize,
    sink: &mut dyn Sink,
    step: f32,
) -> Result<()> {
    let view = &body.coded;
    let bins = coding.bins.list();
    let plain = bins.iter().all(|b| b.stride == 1 && b.delta == 0);
    let scaled = !(body.lists.row_scales.is_empty() && coding.scales.channels.is_empty());
    let mut walk = Walk::new(coding.lanes.total(), start, view.channels * view.plane());
    let mut values = [0.0f32; BLOCK];
    let mut at = 0;
    while at < levels.len() {
        let (mut stop, mut e) = (levels.len().min(at + BLOCK), step);
        if scaled {
            let plane = (start + at) / view.plane();
            stop = stop.min((plane + 1) * view.plane() - start);
            let row = body.lists.row_scales.get(plane / view.channels).copied().unwrap_or(0);
            let channel = coding.scales.channels.get(plane % view.channels).copied().unwrap_or(0);
            e = effective_step(step, row, channel, body.base)?;
        }
        let values = &mut values[..stop - at];
        for (v, &level) in values.iter_mut().zip(&levels[at..stop]) {
            *v = if coding.trellis {
                let union = walk.union();
                walk.push(level);
                reconstruct::lattice(level, union, e)
            } else if plain {
                reconstruct::lattice(level, 0, e)
            } else {
                reconstruct::value(&bins[coding.bins.find(level)], level, e)
            };
        }
        sink.values(start + at, values);
        at = stop;
    }
    Ok(())
}

/// Levels of the other domains.
pub(crate) fn write_levels(levels: &[i32], start: usize, sink: &mut dyn Sink, base: usize) -> Result<()> {
    for (b, levels) in levels.chunks(BLOCK).enumerate() {
        sink.levels(start + b * BLOCK, levels)
            .map_err(|l| Error::new(ErrorCode::Corrupt, Field::Payload, base, l as u64))?;
    }
    Ok(())
}
