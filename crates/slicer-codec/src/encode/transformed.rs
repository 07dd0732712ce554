//! Frames of transformed coefficients: quantised with a dead zone or a trellis, coded densely (spec § 15 to § 18).

use super::coefficients::{Coefficients, Transforms};
use super::emit::{BodyInfo, Emitter, Sections, Tokens};
use super::plan::{Plan, segment_planes, segment_values};
use super::quantise;
use super::sequence::Sequences;
use super::source::{Source, sum_squares};
use super::viterbi::{Objective, Trellis};
use crate::bins::Bins;
use crate::channel;
use crate::coding::{Classes, Coding, Domain, Lanes, ProfileUse, Scales};
use crate::contexts::Thresholds;
use crate::elements::BLOCK;
use crate::error::{Field, Result};
use crate::layout::View;
use crate::limits::try_resize;
use crate::profile::Profile;
use crate::reconstruct;
use crate::setup::{Setup, feature};
use crate::tables::{TableBuffers, Tables};
use alloc::sync::Arc;
use alloc::vec::Vec;
use slicer_dense::trellis;

/// How coefficients become a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Recipe {
    pub transforms: Transforms,
    /// Weight of a bit in steps² if there is a trellis.
    pub trellis: Option<f32>,
    /// Choose the reconstruction step so that the tensor keeps its energy.
    pub energy: bool,
    /// What a caller's step is divided by: see `recipes::noise_gain`.
    pub gain: f64,
}

/// Added to |z| / step before rounding where there is no trellis.
const DEAD_ZONE: f32 = -0.1;

/// Buffers of this encoder.
#[derive(Default)]
pub(super) struct Transformed {
    coefficients: Coefficients,
    made: Option<Transforms>,
    coded: Option<View>,
    trellis: Trellis,
    restored: Vec<f32>,
    scratch: Vec<f32>,
}

impl Transformed {
    /// Forgets the tensor of the call before.
    pub fn begin(&mut self) {
        self.made = None;
    }

    /// Quantises with a step and writes a standalone frame; `None` if levels leave 31 bits.
    #[allow(clippy::too_many_arguments)]
    pub fn encode(
        &mut self,
        source: &Source<'_>,
        profile: Option<&Arc<Profile>>,
        recipe: Recipe,
        step: f32,
        tokens: &mut Tokens,
        emitter: &mut Emitter,
        out: &mut Vec<u8>,
    ) -> Result<Option<(Sections, f32, u32)>> {
        let Some(coded) = self.quantise(source, profile, recipe, step, tokens)? else {
            return Ok(None);
        };
        let mut written = step;
        if recipe.energy {
            written = self.energy_step(source, profile, recipe, &coded, &tokens.levels, step)?;
        }
        let plan = plan(source, profile, recipe, &coded, written);
        let sections = emitter.standalone(&plan, tokens, out)?;
        Ok(Some((sections, written, plan.setup.features)))
    }

    /// Levels of the coefficients at a step; `None` if they leave 31 bits.
    fn quantise(
        &mut self,
        source: &Source<'_>,
        profile: Option<&Arc<Profile>>,
        recipe: Recipe,
        step: f32,
        tokens: &mut Tokens,
    ) -> Result<Option<View>> {
        let Some(coded) = self.coefficients(source, profile, recipe.transforms)? else {
            return Ok(None);
        };
        let values = &self.coefficients.values;
        try_resize(&mut tokens.levels, values.len(), Field::Data)?;
        let bias = if recipe.trellis.is_some() { 0.0 } else { DEAD_ZONE };
        let mut peak = 0;
        for (values, levels) in values.chunks(BLOCK).zip(tokens.levels.chunks_mut(BLOCK)) {
            quantise::levels(values, 1.0 / step, bias, levels);
            peak = levels.iter().fold(peak, |m: u32, k| m.max(k.unsigned_abs()));
        }
        if peak >= quantise::MAX_LEVEL as u32 / 4 {
            return Ok(None);
        }
        if let Some(lambda) = recipe.trellis {
            let sequences = Sequences::new(&coded, segment_values(&coded), 1);
            let objective = Objective { step, lambda };
            self.trellis
                .run(values, &coded, sequences, objective, &mut tokens.levels)?;
        }
        Ok(Some(coded))
    }

    /// Σ of the squared errors that a step leaves, found without coding anything: a plain DCT keeps them, so they need not be
    /// taken back into the tensor's domain. For recipes without other transforms and with the step as it is written.
    pub fn distortion(
        &mut self,
        source: &Source<'_>,
        recipe: Recipe,
        step: f32,
        tokens: &mut Tokens,
    ) -> Result<Option<f64>> {
        let Some(coded) = self.quantise(source, None, recipe, step, tokens)? else {
            return Ok(None);
        };
        self.restore(&coded, recipe, &tokens.levels, step)?;
        let mut sum = 0.0;
        for (v, x) in self.restored.iter().zip(&self.coefficients.values) {
            let d = f64::from(*v) - f64::from(*x);
            sum += d * d;
        }
        Ok(Some(sum))
    }

    fn coefficients(
        &mut self,
        source: &Source<'_>,
        profile: Option<&Arc<Profile>>,
        transforms: Transforms,
    ) -> Result<Option<View>> {
        if self.made == Some(transforms) {
            return Ok(self.coded);
        }
        self.made = None;
        let coded = self.coefficients.forward(source, profile.map(|p| &**p), transforms)?;
        (self.made, self.coded) = (Some(transforms), coded);
        Ok(coded)
    }

    /// What the decoder makes of levels, as coefficients.
    fn restore(&mut self, coded: &View, recipe: Recipe, levels: &[i32], step: f32) -> Result<()> {
        try_resize(&mut self.restored, levels.len(), Field::Data)?;
        let mut walk = trellis::Walk::new(1, 0, coded.channels * coded.plane());
        let segment = segment_values(coded);
        for (i, (v, &level)) in self.restored.iter_mut().zip(levels).enumerate() {
            let mut union = 0;
            if recipe.trellis.is_some() {
                if segment > 0 && i % segment == 0 {
                    walk = trellis::Walk::new(1, i, coded.channels * coded.plane());
                }
                union = walk.union();
                walk.push(level);
            }
            *v = reconstruct::lattice(level, union, step);
        }
        Ok(())
    }

    /// The step under which the decoded tensor, means apart, has the energy of the source's.
    fn energy_step(
        &mut self,
        source: &Source<'_>,
        profile: Option<&Arc<Profile>>,
        recipe: Recipe,
        coded: &View,
        levels: &[i32],
        step: f32,
    ) -> Result<f32> {
        self.restore(coded, recipe, levels, step)?;
        let energy = |values: &[f32]| {
            let mut sum = 0.0;
            for block in values.chunks(BLOCK) {
                sum += sum_squares(block);
            }
            sum
        };
        let transforms = recipe.transforms;
        // A weight or a matrix does not keep energies: compare in the tensor's own domain.
        let before = if transforms.channel || transforms.dct == Some(true) {
            if let Some(weighted) = transforms.dct {
                let size = (coded.height, coded.width);
                self.coefficients.inverse_dct(&mut self.restored, size, weighted)?;
            }
            let matrix = profile.and_then(|p| p.transform.as_ref());
            if let Some(matrix) = matrix.filter(|_| transforms.channel) {
                let sizes = (matrix.coefficients, source.view.channels);
                let (values, scratch) = (&mut self.restored, &mut self.scratch);
                channel::mix_rows(&matrix.inverse, sizes, coded.plane(), coded.rows, values, scratch)?;
            }
            source_energy(source, profile.filter(|_| transforms.mean))
        } else {
            energy(&self.coefficients.values)
        };
        let after = energy(&self.restored);
        if after > 0.0 && before > 0.0 {
            let gain = crate::math::sqrt(before / after).clamp(0.5, 2.0);
            let scaled = (f64::from(step) * gain) as f32;
            if super::scale_codes::is_usable(scaled) {
                return Ok(scaled);
            }
        }
        Ok(step)
    }
}

/// Σ (x − mean)² of a tensor.
fn source_energy(source: &Source<'_>, profile: Option<&Arc<Profile>>) -> f64 {
    let mut energy = 0.0;
    let (plane, channels) = (source.view.plane(), source.view.channels);
    source.for_runs(0, &mut |at, values, _| match profile {
        None => energy += sum_squares(values),
        Some(profile) => {
            for (i, &x) in values.iter().enumerate() {
                let mean = profile.mean.get((at + i) / plane % channels).copied().unwrap_or(0.0);
                let d = f64::from(x) - f64::from(mean);
                energy += d * d;
            }
        }
    });
    energy
}

fn plan(source: &Source<'_>, profile: Option<&Arc<Profile>>, recipe: Recipe, coded: &View, step: f32) -> Plan {
    let t = recipe.transforms;
    let profile = profile.filter(|_| t.mean || t.channel);
    let segment_planes = segment_planes(coded);
    let mut features = feature::CODED | feature::DENSE;
    let mut set = |bit, on: bool| features |= if on { bit } else { 0 };
    set(feature::PROFILE, profile.is_some());
    set(feature::CHANNEL_TRANSFORM, t.channel);
    set(feature::DCT, t.dct.is_some());
    set(feature::TRELLIS, recipe.trellis.is_some());
    set(feature::SEGMENTS, segment_planes > 0);
    let coding = Coding {
        domain: Domain::Real,
        lanes: Lanes { streams: 1, width: 1 },
        step,
        scales: Scales::default(),
        bins: Bins::empty(Vec::new()),
        tables: Tables::empty(TableBuffers::default()),
        classes: Classes::default(),
        thresholds: Thresholds::default(),
        segment_planes,
        dense: true,
        trellis: recipe.trellis.is_some(),
        adaptive: false,
        profile: profile.map(|profile| ProfileUse {
            profile: profile.clone(),
            mean: t.mean,
            classes: false,
        }),
        channel_transform: t.channel,
        dct: t.dct,
    };
    Plan {
        setup: Setup {
            features,
            dtype: source.tensor.dtype,
            dims: source.tensor.dims,
            layout: source.layout,
            view: source.view,
            coding: Some(coding),
        },
        view: *coded,
        rows: 0,
        body: BodyInfo::default(),
    }
}
