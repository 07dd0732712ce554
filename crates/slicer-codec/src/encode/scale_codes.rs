//! Steps of scale groups: a base step and a code per group (encoder side of spec § Scales).

use super::source::Statistics;
use crate::math::{log2, sqrt};
use crate::scales::effective_step;
use alloc::vec::Vec;

/// Coarsest step the searches try: far from overflow in every product.
pub(super) const COARSEST: f64 = 1.0e37;

/// True for a step that is positive and finite and has a finite, positive reciprocal.
pub(super) fn is_usable(step: f32) -> bool {
    let inverse = 1.0 / step;
    step > 0.0 && step < f32::INFINITY && inverse > 0.0 && inverse < f32::INFINITY
}

/// The step of every scale group.
#[derive(Clone, Debug)]
pub(super) struct GroupSteps {
    base: f32,
    codes: Vec<i8>,
    steps: Vec<f32>,
}

impl GroupSteps {
    /// One step for all.
    pub fn uniform(step: f32) -> Self {
        Self {
            base: step,
            codes: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Steps proportional to each group's root mean square, relative to the busiest group, in eighth octaves.
    ///
    /// `None` where a product would leave f32's range.
    pub fn relative(step: f32, codes: &[i8]) -> Option<Self> {
        if !is_usable(step) {
            return None;
        }
        if codes.is_empty() {
            return Some(Self::uniform(step));
        }
        let steps: Option<Vec<f32>> = codes.iter().map(|&c| effective_step(step, c, 0, 0).ok()).collect();
        Some(Self {
            base: step,
            codes: codes.to_vec(),
            steps: steps?,
        })
    }

    /// Step of a group.
    #[inline]
    pub fn step(&self, group: usize) -> f32 {
        if self.steps.is_empty() {
            self.base
        } else {
            self.steps[group]
        }
    }

    pub fn base(&self) -> f32 {
        self.base
    }

    pub fn codes(&self) -> Vec<i8> {
        self.codes.clone()
    }
}

/// Scale codes of a tensor's groups; empty with one group.
pub(super) fn codes(statistics: &Statistics) -> Vec<i8> {
    if statistics.energy.len() < 2 {
        return Vec::new();
    }
    let largest = statistics
        .energy
        .iter()
        .copied()
        .fold(0.0, |a: f64, b| if b > a { b } else { a });
    let code = |&e: &f64| {
        if e <= 0.0 || largest <= 0.0 {
            return 0;
        }
        // Half the logarithm of a ratio of energies, times eight; floored, so that a step never exceeds its share.
        let eighths = 4.0 * log2(e / largest);
        ((eighths + 1024.0) as i32 - 1024).clamp(-127, 0) as i8
    };
    statistics.energy.iter().map(code).collect()
}

/// Root mean square of a tensor.
pub(super) fn rms(statistics: &Statistics, len: usize) -> f64 {
    if len == 0 {
        0.0
    } else {
        sqrt(statistics.total_energy() / len as f64)
    }
}
