//! From a budget to a frame: which quantisers are tried, and how their steps are found.

use super::options::{Budget, Effort, EncodeOptions, Mode, warning};
use super::recipes::{self, Recipes};
use super::scale_codes::{self, COARSEST, is_usable};
use super::slicer::Method;
use super::source::{Source, Statistics};
use super::tools::Search;
use super::uniform::{self, DEAD_ZONE, PLAIN, Rounding};
use super::{Candidate, Encoder, Workspace, cap};
use crate::error::{Error, ErrorCode, Field, Result};
use crate::math::{exp2, log2, sqrt};
use alloc::vec::Vec;

/// Most attempts to bring a verified frame under an error budget before giving up on loss.
const ATTEMPTS: usize = 12;
/// Largest tensor on which the dense effort tries the method too: sorting magnitudes takes twice the tensor's memory.
const DENSE_VALUES: usize = 1 << 18;
/// A step search ends when the error is this close below the target.
const CLOSE: f64 = 0.997;

/// Which entropy tools an effort may try.
pub(super) fn tool_search(effort: Effort) -> Search {
    match effort {
        Effort::Fast => Search::Classes,
        Effort::Default | Effort::Dense => Search::All,
    }
}

/// The error a budget bounds.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Nrmse(f64),
    MaxError(f64),
}

/// A quantiser family with one free parameter.
#[derive(Clone, Copy)]
enum Family {
    Uniform(Rounding),
    Slicer,
}

/// Encodes under a lossy budget; returns the winner, whose bytes are in `out`, and warnings.
pub(super) fn run(
    encoder: &mut Encoder,
    source: &Source<'_>,
    statistics: &Statistics,
    options: &EncodeOptions,
    out: &mut Vec<u8>,
) -> Result<(Candidate, u32)> {
    let mut search = Run {
        encoder,
        source,
        statistics,
        options,
        rms: scale_codes::rms(statistics, source.len()),
    };
    match options.budget {
        Budget::MaxError(_) => search.encoder.work.steps.clear(),
        _ => search.encoder.work.steps.follow(statistics),
    }
    match options.budget {
        Budget::Nrmse(v) => search.bounded(Target::Nrmse(v), out),
        Budget::MaxError(v) => search.bounded(Target::MaxError(v), out),
        Budget::ExpectedKl(kl) => {
            let step = search.step_of(kl)?;
            search.fixed(step, out)
        }
        Budget::Step(step) => search.fixed(f64::from(step), out),
        Budget::Bytes(_) | Budget::BitsPerValue(_) => search.capped(out),
        Budget::Method { distortion, .. } => match options.fixed_method() {
            Some(method) => search.method(&method, out),
            None => search.bounded(Target::Nrmse(distortion), out),
        },
        Budget::Lossless => Err(Error::argument(ErrorCode::InvalidBudget, Field::Options, 0)),
    }
}

fn no_bins() -> Error {
    Error::argument(ErrorCode::InvalidBudget, Field::Step, 0)
}

pub(super) struct Run<'r, 's> {
    pub encoder: &'r mut Encoder,
    pub source: &'r Source<'s>,
    pub options: &'r EncodeOptions,
    pub rms: f64,
    statistics: &'r Statistics,
}

impl Run<'_, '_> {
    fn families(&self) -> &'static [Family] {
        const UNIFORM: Family = Family::Uniform(PLAIN);
        const ALL: [Family; 3] = [UNIFORM, Family::Uniform(DEAD_ZONE), Family::Slicer];
        // An all-zero tensor has no base grid; any step codes it exactly.
        if self.statistics.peak == 0.0 {
            return &[UNIFORM];
        }
        let method = matches!(self.options.budget, Budget::Method { .. });
        let slicer_fits = self.source.groups() == 1
            && self.source.len() <= DENSE_VALUES
            && !matches!(self.options.budget, Budget::MaxError(_));
        match (self.options.mode, self.options.effort) {
            (Mode::Slicer, _) => &[Family::Slicer],
            _ if method => &[Family::Slicer],
            (_, Effort::Fast) => &[UNIFORM],
            // Transformed frames are tried too and beat the other quantisers; the plain one guards against a surprise.
            _ if self.transforms() => &[UNIFORM],
            (Mode::Auto, Effort::Dense) if slicer_fits => &ALL,
            _ if matches!(self.options.budget, Budget::MaxError(_)) => &[UNIFORM],
            _ => &ALL[..2],
        }
    }

    /// True where transformed frames are tried; not for a tensor without energy.
    fn transforms(&self) -> bool {
        self.rms > 0.0 && recipes::apply(self.options, self.encoder.profile.as_deref())
    }

    /// The recipes this call may use.
    fn recipes(&self) -> Recipes {
        if !self.transforms() {
            return Recipes::default();
        }
        recipes::candidates(self.options, &self.source.view, self.encoder.profile.as_deref())
    }

    /// The cheapest frame at a step.
    fn fixed(&mut self, step: f64, out: &mut Vec<u8>) -> Result<(Candidate, u32)> {
        let recipes = self.recipes();
        let dense = self.cheapest(recipes.as_slice(), step, out)?;
        if let Some((_, candidate)) = dense {
            return Ok((candidate, 0));
        }
        match self.at(Family::Uniform(PLAIN), step, out)? {
            Some(candidate) => Ok((candidate, 0)),
            // A step so fine that levels leave 32 bits cannot be kept; losing nothing keeps its promise.
            None => self.last_resort(out),
        }
    }

    /// Encodes with one family at one parameter: the base step of the uniform quantiser, the distortion of the method.
    fn at(&mut self, family: Family, parameter: f64, out: &mut Vec<u8>) -> Result<Option<Candidate>> {
        let search = tool_search(self.options.effort);
        match family {
            Family::Uniform(rounding) => {
                let (source, work) = (self.source, &mut self.encoder.work);
                let (levels, tokens, quantiser) = (&mut work.levels, &mut work.tokens, &mut work.quantiser);
                let fits = work.steps.set(parameter as f32)
                    && uniform::encode(source, &work.steps, rounding, levels, tokens, quantiser);
                if !fits {
                    return Ok(None);
                }
                work.finish(source, Mode::Uniform, search, out).map(Some)
            }
            Family::Slicer => {
                let (rms, peak) = (self.rms, self.statistics.peak);
                match self.encoder.work.blocks.choose(self.source, parameter, rms, peak) {
                    Some(method) => self.method_at(&method, out),
                    None => Ok(None),
                }
            }
        }
    }

    fn method_at(&mut self, method: &Method, out: &mut Vec<u8>) -> Result<Option<Candidate>> {
        let (source, work) = (self.source, &mut self.encoder.work);
        let (tokens, quantiser) = (&mut work.tokens, &mut work.quantiser);
        let (rms, peak) = (self.rms, self.statistics.peak);
        if !work.blocks.encode(source, method, rms, peak, tokens, quantiser) {
            return Ok(None);
        }
        work.finish(source, Mode::Slicer, tool_search(self.options.effort), out)
            .map(Some)
    }

    /// Fixed parameters of the method. An all-zero tensor has no base grid; any step codes it exactly.
    fn method(&mut self, method: &Method, out: &mut Vec<u8>) -> Result<(Candidate, u32)> {
        if let Some(candidate) = self.method_at(method, out)? {
            return Ok((candidate, 0));
        }
        if self.statistics.peak == 0.0
            && let Some(candidate) = self.at(Family::Uniform(PLAIN), 1.0, out)?
        {
            return Ok((candidate, 0));
        }
        self.last_resort(out)
    }

    fn last_resort(&mut self, out: &mut Vec<u8>) -> Result<(Candidate, u32)> {
        let search = tool_search(self.options.effort);
        let candidate = self.encoder.work.lossless(self.source, search, out)?;
        Ok((candidate, warning::LOSSLESS_FALLBACK))
    }

    /// The cheapest frame whose verified error meets the target; lossless if none does or if that is smaller.
    fn bounded(&mut self, target: Target, out: &mut Vec<u8>) -> Result<(Candidate, u32)> {
        let mut best: Option<Candidate> = None;
        let mut trial = core::mem::take(&mut self.encoder.candidate);
        out.clear();
        for &family in self.families() {
            let found = self.verified(family, target, &mut trial)?;
            if let Some(candidate) = found.filter(|_| best.is_none() || trial.len() < out.len()) {
                best = Some(candidate);
                core::mem::swap(out, &mut trial);
            }
        }
        let recipes = self.recipes();
        if !recipes.as_slice().is_empty() {
            let found = self.transformed_within(recipes.as_slice(), target, &mut trial)?;
            if let Some(candidate) = found.filter(|_| best.is_none() || trial.len() < out.len()) {
                best = Some(candidate);
                core::mem::swap(out, &mut trial);
            }
        }
        let Some(found) = best else {
            self.encoder.candidate = trial;
            return self.last_resort(out);
        };
        let mut result = (found, 0);
        // Lossless can only win where the lossy frame is no bargain.
        if out.len() * 2 > self.source.tensor.bytes.len() && self.options.mode == Mode::Auto {
            let (lossless, _) = self.last_resort(&mut trial)?;
            if trial.len() <= out.len() {
                core::mem::swap(out, &mut trial);
                result = (lossless, 0);
            }
        }
        self.encoder.candidate = trial;
        Ok(result)
    }

    /// Tightens a family's parameter until the decoded frame meets the target.
    fn verified(&mut self, family: Family, target: Target, out: &mut Vec<u8>) -> Result<Option<Candidate>> {
        let mut parameter = match (family, target) {
            (Family::Uniform(_), Target::MaxError(e)) => 2.0 * e,
            (Family::Uniform(rounding), Target::Nrmse(v)) => match self.step_for(v, rounding) {
                Some(step) => step,
                None => return Ok(None),
            },
            (Family::Slicer, Target::Nrmse(v)) => v,
            (Family::Slicer, Target::MaxError(_)) => return Ok(None),
        };
        // Coarser steps than this code nothing more cheaply: every level is already 0.
        if let Family::Uniform(_) = family {
            parameter = parameter.min(COARSEST);
        }
        for _ in 0..ATTEMPTS {
            if !is_usable(parameter as f32) {
                break;
            }
            let Some(candidate) = self.at(family, parameter, out)? else {
                return Ok(None);
            };
            let measured = self.encoder.measure(self.source, out)?;
            let (error, limit) = match target {
                Target::Nrmse(v) => (measured.worst_group, v),
                Target::MaxError(v) => (measured.max_error, v),
            };
            if error <= limit {
                return Ok(Some(candidate));
            }
            let ratio = limit / error;
            // Half an ulp too much is the common case; a large excess means rounding to the element type dominates.
            parameter *= if ratio < 0.5 { 0.5 } else { ratio * 0.9995 };
        }
        Ok(None)
    }

    /// Largest step whose estimated worst-group error stays at or below `target`.
    fn step_for(&mut self, target: f64, rounding: Rounding) -> Option<f64> {
        let busiest = self.statistics.busiest();
        if busiest <= 0.0 {
            return Some(1.0);
        }
        let mut step = target * sqrt(12.0 * busiest / self.statistics.count as f64);
        let (mut low, mut high) = (0.0f64, f64::INFINITY);
        let Workspace { steps, errors, .. } = &mut self.encoder.work;
        for _ in 0..16 {
            step = step.min(COARSEST);
            if !steps.set(step as f32) {
                return None;
            }
            uniform::errors(self.source, steps, rounding, errors);
            let worst = errors
                .iter()
                .zip(&self.statistics.energy)
                .map(|(&e, &x)| if x > 0.0 { e / x } else { 0.0 })
                .fold(0.0, |a: f64, b| if b > a { b } else { a });
            let error = sqrt(worst);
            if error <= target {
                low = step;
                if error >= target * CLOSE {
                    break;
                }
            } else {
                high = step;
            }
            // Error is nearly proportional to the step; fall back to the middle when the guess leaves the bracket.
            let guess = if error > 0.0 {
                step * (target * 0.9985) / error
            } else {
                step * 4.0
            };
            step = if guess > low && guess < high {
                guess
            } else if high.is_finite() {
                0.5 * (low + high)
            } else {
                low * 2.0
            };
            if high.is_finite() && high - low < 1e-4 * high {
                break;
            }
        }
        (low > 0.0).then_some(low)
    }

    /// The finest frame under a byte cap.
    fn capped(&mut self, out: &mut Vec<u8>) -> Result<(Candidate, u32)> {
        let limit = cap(self.options.budget, self.source.len()).unwrap_or(u64::MAX) as usize;
        if self.options.mode == Mode::Auto {
            let (work, search) = (&mut self.encoder.work, tool_search(self.options.effort));
            if let Some(lossless) = work.lossless_within(self.source, search, limit, out)? {
                return Ok((lossless, 0));
            }
            work.reserve(self.source.len())?;
        }
        let recipes = self.recipes();
        if !recipes.as_slice().is_empty()
            && let Some(candidate) = self.transformed_under(recipes.as_slice(), out)?
        {
            return Ok((candidate, 0));
        }
        let family = self.families()[0];
        let start = match family {
            // What a Gaussian would need at a high rate.
            Family::Uniform(_) => {
                self.rms * exp2(2.05 - 8.0 * limit as f64 / self.source.len() as f64).clamp(1e-6, 4.0)
            }
            Family::Slicer => 1.0,
        };
        // Coarsest first: one level for everything. What that costs is the smallest this tensor can cost.
        let coarsest = match family {
            Family::Uniform(_) => (f64::from(self.statistics.peak) * 4.0).min(COARSEST),
            Family::Slicer => 1.0,
        };
        let coarsest = if is_usable(coarsest as f32) { coarsest } else { 1.0 };
        let mut last = self.at(family, coarsest, out)?;
        if out.len() > limit || last.is_none() {
            return Err(Error::argument(
                ErrorCode::BudgetUnreachable,
                Field::Options,
                out.len() as u64,
            ));
        }
        let (mut coarse, mut fine) = (coarsest, 0.0f64);
        let mut parameter = start.min(coarsest);
        let rate = |bytes: usize| 8.0 * bytes as f64 / self.source.len() as f64;
        let aim = 0.999 * rate(limit);
        // (log2 of the parameter, bits a value) of the attempt before.
        let mut before: Option<(f64, f64)> = None;
        for _ in 0..18 {
            if !is_usable(parameter as f32) {
                break;
            }
            let made = self.at(family, parameter, out)?;
            let found = made.map(|_| (log2(parameter), rate(out.len())));
            last = made.filter(|_| out.len() <= limit);
            if last.is_some() {
                coarse = parameter;
                if out.len() as f64 >= 0.998 * limit as f64 {
                    break;
                }
            } else {
                fine = parameter;
            }
            if fine > 0.0 && coarse < fine * 1.0005 {
                break;
            }
            // A doubled step saves about a bit a value, less where few are left: learnt from the last two attempts.
            let guess = found.map(|(at, bits)| {
                let slope = match before {
                    Some((other, others)) if at != other && bits != others => (others - bits) / (at - other),
                    _ => 0.5 * bits,
                };
                exp2(at + (bits - aim) / slope.clamp(0.02, 1.5))
            });
            let inside = |p: &f64| *p > fine && *p < coarse && *p > coarse * 1e-3;
            let middle = if fine > 0.0 { sqrt(coarse * fine) } else { coarse * 0.25 };
            parameter = guess.filter(inside).unwrap_or(middle);
            before = found;
        }
        // The best frame is made again rather than kept beside every attempt: near the tensor's own size, two are too many.
        if last.is_none() {
            last = self.at(family, coarse, out)?;
        }
        last.map(|c| (c, 0)).ok_or(no_bins())
    }
}
