//! Forward transforms: from a tensor to the coefficients that are quantised (encoder side of spec § 15, § 16).

use super::source::Source;
use crate::dct::{Dct, TILE};
use crate::elements::{self, BLOCK};
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::View;
use crate::limits::try_resize;
use crate::profile::Profile;
use alloc::vec::Vec;
use slicer_kernels::dct::project;

/// Which transforms a frame uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Transforms {
    /// Subtract the profile's means.
    pub mean: bool,
    /// The profile's matrix.
    pub channel: bool,
    /// DCT, with (`true`) or without frequency weight.
    pub dct: Option<bool>,
}

/// Sums of transforms stay below this, far from the end of f32.
const LARGEST: f64 = 1e37;

/// The coefficients of one tensor.
#[derive(Default)]
pub(super) struct Coefficients {
    /// In scan order of the coded view.
    pub values: Vec<f32>,
    scratch: Vec<f32>,
    dct: Dct,
}

impl Coefficients {
    /// Turns coefficients back, in the caller's buffer.
    pub fn inverse_dct(&mut self, values: &mut [f32], size: (usize, usize), weighted: bool) -> Result<()> {
        self.dct.inverse(values, size, weighted)
    }

    /// Transforms a tensor; returns the coded view, or `None` where sums would leave f32's range on the way there or back. A
    /// profile must be there if means or a matrix are asked for.
    pub fn forward(&mut self, source: &Source<'_>, profile: Option<&Profile>, t: Transforms) -> Result<Option<View>> {
        let view = source.view;
        try_resize(&mut self.values, source.len(), Field::Data)?;
        for (b, block) in self.values.chunks_mut(BLOCK).enumerate() {
            elements::load(source.tensor.dtype, &view, source.tensor.bytes, b * BLOCK, block);
        }
        let lacking = Error::argument(ErrorCode::ProfileMismatch, Field::Transform, view.channels as u64);
        let plane = view.plane().max(1);
        if t.mean {
            let means = profile
                .map(|p| &p.mean[..])
                .filter(|m| m.len() == view.channels)
                .ok_or(lacking)?;
            for (values, &mean) in self.values.chunks_exact_mut(plane).zip(means.iter().cycle()) {
                values.iter_mut().for_each(|v| *v -= mean);
            }
        }
        let mut coded = view;
        if t.channel {
            let profile = profile.filter(|p| p.channels == view.channels).ok_or(lacking)?;
            let matrix = profile
                .transform
                .as_ref()
                .filter(|m| !m.forward.is_empty())
                .ok_or(lacking)?;
            coded = view.with_channels(matrix.coefficients);
            try_resize(&mut self.scratch, coded.elements(), Field::Data)?;
            let (from, to) = (view.channels * plane, matrix.coefficients * plane);
            for (x, z) in self.values.chunks_exact(from).zip(self.scratch.chunks_exact_mut(to)) {
                project(&matrix.forward, view.channels, plane, x, z);
            }
            core::mem::swap(&mut self.values, &mut self.scratch);
        }
        if let Some(weighted) = t.dct {
            self.dct
                .forward(&mut self.values, (coded.height, coded.width), weighted)?;
        }
        // NaN and infinities have the largest bits of all.
        let bits = self.values.iter().fold(0, |m: u32, v| m.max(v.to_bits() & 0x7fff_ffff));
        let mut bound = f64::from(f32::from_bits(bits)) * (TILE * TILE) as f64;
        if let Some(matrix) = profile.and_then(|p| p.transform.as_ref()).filter(|_| t.channel) {
            bound *= f64::from(matrix.peak) * matrix.coefficients as f64;
        }
        Ok((bound < LARGEST).then_some(coded))
    }
}
