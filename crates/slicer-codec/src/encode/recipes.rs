//! Which transforms, quantiser and coder a tensor is tried with beyond the fast coder, and the steps they need.

use super::coefficients::Transforms;
use super::options::{Budget, Effort, EncodeOptions, Mode};
use super::search::{Run, Target};
use super::source::Granularity;
use super::transformed::Recipe;
use super::{Candidate, cap};
use crate::dct::TILE;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::View;
use crate::math::{exp2, log2, sqrt};
use crate::profile::{Profile, recipe};
use alloc::vec::Vec;

/// λ that serves the task best: a shorter tail of levels costs more than it saves once coefficients are decorrelated.
const TASK_LAMBDA: f32 = 0.015;
/// The same without a DCT.
const PLAIN_LAMBDA: f32 = 0.04;
/// λ that serves a mean square error best.
const ERROR_LAMBDA: f32 = 0.1;
/// A search under a byte cap or an error budget ends this close to it.
const CLOSE: f64 = 0.995;
/// Steps that such a search may try.
const TRIALS: usize = 4;
/// Frames that are made and verified at the step it ends with.
const CHECKS: usize = 3;

/// True where transformed frames are worth trying: asked for by effort or by a profile, with one scale for all.
pub(super) fn apply(options: &EncodeOptions, profile: Option<&Profile>) -> bool {
    matches!(options.mode, Mode::Auto | Mode::Uniform)
        && options.granularity == Granularity::Tensor
        && !matches!(
            options.budget,
            Budget::Method { .. } | Budget::MaxError(_) | Budget::Lossless
        )
        && (options.effort == Effort::Dense || options.effort == Effort::Default && profile.is_some())
}

/// A few recipes.
#[derive(Default)]
pub(super) struct Recipes {
    list: [Recipe; 2],
    count: usize,
}

impl Recipes {
    pub fn as_slice(&self) -> &[Recipe] {
        &self.list[..self.count]
    }

    fn push(&mut self, recipe: Recipe) {
        self.list[self.count] = recipe;
        self.count += 1;
    }
}

/// The recipes to try, most promising first.
pub(super) fn candidates(options: &EncodeOptions, view: &View, profile: Option<&Profile>) -> Recipes {
    let has_planes = view.plane() > 1;
    let error = matches!(options.budget, Budget::Nrmse(_));
    let mut found = Recipes::default();
    if let Some(profile) = profile.filter(|p| !error && p.channels == view.channels) {
        let tools = profile.recipe.unwrap_or(0);
        let has = |bit: u8| tools & bit != 0;
        let dct = (has(recipe::DCT) && has_planes).then_some(has(recipe::WEIGHT));
        let gain = noise_gain(view, dct);
        let channel = has(recipe::TRANSFORM) && profile.transform.as_ref().is_some_and(|t| !t.forward.is_empty());
        let lambda = if dct.is_some() { TASK_LAMBDA } else { PLAIN_LAMBDA };
        found.push(Recipe {
            transforms: Transforms {
                mean: !profile.mean.is_empty(),
                channel,
                dct,
            },
            trellis: has(recipe::TRELLIS).then_some(lambda),
            energy: has(recipe::ENERGY),
            gain,
        });
        return found;
    }
    let of = |dct: Option<bool>, lambda: f32| Recipe {
        transforms: Transforms {
            dct,
            ..Transforms::default()
        },
        trellis: Some(lambda),
        energy: !error,
        gain: noise_gain(view, dct),
    };
    if has_planes {
        found.push(of(Some(!error), if error { ERROR_LAMBDA } else { TASK_LAMBDA }));
    }
    // At one step a plain trellis may well be smaller, but its noise costs a task more: only an error budget compares them.
    if error || !has_planes {
        found.push(of(None, if error { ERROR_LAMBDA } else { PLAIN_LAMBDA }));
    }
    found
}

/// What a frequency weight does to the noise of white levels: the step is divided by it, so that one step means one noise.
fn noise_gain(view: &View, dct: Option<bool>) -> f64 {
    if dct != Some(true) {
        return 1.0;
    }
    let (h, w) = (view.height.min(TILE), view.width.min(TILE));
    let mut sum = 0.0;
    for u in 0..h {
        for v in 0..w {
            let (fu, fv) = (u as f64 / h as f64, v as f64 / w as f64);
            sum += sqrt(1.0 + 16.0 * (fu * fu + fv * fv));
        }
    }
    sqrt(sum / (h * w) as f64)
}

impl Run<'_, '_> {
    /// One frame of a recipe at a step.
    pub(super) fn transformed(&mut self, recipe: Recipe, step: f64, out: &mut Vec<u8>) -> Result<Option<Candidate>> {
        let step = (step / recipe.gain) as f32;
        if !super::scale_codes::is_usable(step) {
            return Ok(None);
        }
        let (work, profile) = (&mut self.encoder.work, self.encoder.profile.as_ref());
        let found = work.transformed.encode(
            self.source,
            profile,
            recipe,
            step,
            &mut work.tokens,
            &mut work.emitter,
            out,
        )?;
        Ok(found.map(|(sections, written, features)| Candidate {
            mode: Mode::Uniform,
            step: f64::from(written),
            sections,
            features,
        }))
    }

    /// The recipe whose frame is smallest at a step; its frame is in `out`.
    pub(super) fn cheapest(
        &mut self,
        recipes: &[Recipe],
        step: f64,
        out: &mut Vec<u8>,
    ) -> Result<Option<(Recipe, Candidate)>> {
        let mut trial = core::mem::take(&mut self.encoder.spare);
        let mut best = None;
        for &recipe in recipes {
            let found = self.transformed(recipe, step, &mut trial)?;
            if let Some(candidate) = found.filter(|_| best.is_none() || trial.len() < out.len()) {
                best = Some((recipe, candidate));
                core::mem::swap(out, &mut trial);
            }
        }
        self.encoder.spare = trial;
        Ok(best)
    }

    /// The coarsest frame of the cheapest recipe whose error meets the target.
    pub(super) fn transformed_within(
        &mut self,
        recipes: &[Recipe],
        target: Target,
        out: &mut Vec<u8>,
    ) -> Result<Option<Candidate>> {
        let Target::Nrmse(limit) = target else { return Ok(None) };
        let mut step = limit * self.rms * 3.4;
        let Some((recipe, _)) = self.cheapest(recipes, step, out)? else {
            return Ok(None);
        };
        // Errors are the same among coefficients: only the frame that is kept is coded and decoded.
        let (mut coarsest, mut finest) = (None, f64::INFINITY);
        for _ in 0..TRIALS {
            let (work, scaled) = (&mut self.encoder.work, (step / recipe.gain) as f32);
            let found = work
                .transformed
                .distortion(self.source, recipe, scaled, &mut work.tokens)?;
            let Some(sum) = found else { break };
            let error = sqrt(sum / self.source.len() as f64) / self.rms;
            if error <= limit {
                coarsest = Some(step);
                if error >= limit * CLOSE {
                    break;
                }
            } else {
                finest = step;
            }
            let guess = step * limit * 0.9985 / error.max(limit * 0.25);
            step = if guess < finest { guess } else { 0.98 * finest };
        }
        let Some(mut step) = coarsest else { return Ok(None) };
        for _ in 0..CHECKS {
            let Some(candidate) = self.transformed(recipe, step, out)? else {
                break;
            };
            let error = self.encoder.measure(self.source, out)?.nrmse;
            if error <= limit {
                return Ok(Some(candidate));
            }
            // Rounding, to the element type above all, adds to it.
            step *= 0.999 * limit / error;
        }
        Ok(None)
    }

    /// The finest frame of the cheapest recipe under a byte cap.
    pub(super) fn transformed_under(&mut self, recipes: &[Recipe], out: &mut Vec<u8>) -> Result<Option<Candidate>> {
        let limit = cap(self.options.budget, self.source.len()).unwrap_or(u64::MAX) as f64;
        let Some((recipe, first)) = self.cheapest(recipes, self.rms, out)? else {
            return Ok(None);
        };
        let mut trial = core::mem::take(&mut self.encoder.spare);
        let mut best = (out.len() as f64 <= limit).then_some(first);
        let (mut step, mut size) = (self.rms, out.len() as f64);
        // Bytes fall about as a power of the step: the slope is learnt from the last two frames.
        let (mut slope, mut low, mut high) = (-0.7f64, 0.0f64, f64::INFINITY);
        for _ in 0..TRIALS {
            if size <= limit {
                high = high.min(step)
            } else {
                low = low.max(step)
            }
            let mut next = step * exp2(log2(limit * 0.9985 / size) / slope);
            if !(next > low && next < high) {
                next = if high.is_finite() {
                    sqrt(low.max(high * 0.25) * high)
                } else {
                    2.0 * low
                };
            }
            let Some(candidate) = self.transformed(recipe, next, &mut trial)? else {
                break;
            };
            let found = trial.len() as f64;
            if next != step && found != size {
                slope = (log2(found / size) / log2(next / step)).clamp(-3.0, -0.1);
            }
            (step, size) = (next, found);
            if size <= limit && (best.is_none() || size > out.len() as f64) {
                best = Some(candidate);
                core::mem::swap(out, &mut trial);
                if size >= limit * CLOSE {
                    break;
                }
            }
        }
        self.encoder.spare = trial;
        Ok(best)
    }

    /// The step that a profile's curve gives for a divergence; an error beyond its ends.
    pub(super) fn step_of(&self, kl: f64) -> Result<f64> {
        let points = self.encoder.profile.as_ref().map_or(&[][..], |p| &p.curve[..]);
        let log = |v: f32| log2(f64::from(v));
        for pair in points.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let (low, high) = (f64::from(a.kl.min(b.kl)), f64::from(a.kl.max(b.kl)));
            if kl >= low && kl <= high && a.kl != b.kl {
                let share = (log2(kl) - log(a.kl)) / (log(b.kl) - log(a.kl));
                return Ok(exp2(log(a.step) + share * (log(b.step) - log(a.step))));
            }
        }
        Err(Error::argument(
            ErrorCode::InvalidBudget,
            Field::Options,
            points.len() as u64,
        ))
    }
}
