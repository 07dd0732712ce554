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
#[derive(Default)]
pub(super) struct GroupSteps {
    base: f32,
    /// Codes of the groups; empty with one.
    codes: Vec<i8>,
    steps: Vec<f32>,
}

impl GroupSteps {
    /// One step for all from now on.
    pub fn clear(&mut self) {
        self.codes.clear();
    }

    /// From now on, steps proportional to each group's root mean square, relative to the busiest group, in eighth octaves.
    pub fn follow(&mut self, statistics: &Statistics) {
        self.codes.clear();
        if statistics.energy.len() < 2 {
            return;
        }
        let largest = statistics.busiest();
        let code = |&e: &f64| {
            if e <= 0.0 || largest <= 0.0 {
                return 0;
            }
            // Half the logarithm of a ratio of energies, times eight; floored, so that a step never exceeds its share.
            let eighths = 4.0 * log2(e / largest);
            ((eighths + 1024.0) as i32 - 1024).clamp(-127, 0) as i8
        };
        self.codes.extend(statistics.energy.iter().map(code));
    }

    /// Takes the busiest group's step; `false` where that or a product leaves f32's range.
    pub fn set(&mut self, step: f32) -> bool {
        self.base = step;
        self.steps.clear();
        if !is_usable(step) {
            return false;
        }
        let steps = self.codes.iter().map_while(|&c| effective_step(step, c, 0, 0).ok());
        self.steps.extend(steps);
        self.steps.len() == self.codes.len()
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

    pub fn codes(&self) -> &[i8] {
        &self.codes
    }
}

/// Root mean square of a tensor.
pub(super) fn rms(statistics: &Statistics, len: usize) -> f64 {
    if len == 0 {
        0.0
    } else {
        sqrt(statistics.total_energy() / len as f64)
    }
}
