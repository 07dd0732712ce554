//! The search for the cheapest path of levels through the trellis (encoder side of spec § 17).

use crate::trellis::{State, shift};
use alloc::vec::Vec;

/// Magnitudes with a rate of their own.
pub const NEAR: usize = 16;
/// States of the trellis.
const STATES: usize = 8;
/// A cost no path has.
const NEVER: f32 = 1e30;

/// Bits of a magnitude with its sign, by class and union quantiser.
#[derive(Default)]
pub struct Rates(pub Vec<[[f32; NEAR]; 2]>);

impl Rates {
    /// Bits of a magnitude and its sign.
    #[inline]
    pub fn bits(&self, class: u8, union: usize, magnitude: u32) -> f32 {
        let table = &self.0[usize::from(class)][union];
        match table.get(magnitude as usize) {
            Some(&bits) => bits,
            // Exponent and mantissa of an escape.
            None => table[NEAR - 1] + 2.0 * (32 - (magnitude - NEAR as u32 + 2).leading_zeros()) as f32,
        }
    }
}

/// What the search minimises: squared error in steps² plus λ bits.
#[derive(Clone, Copy)]
pub struct Objective {
    /// Distance of the levels of one union quantiser.
    pub step: f32,
    /// Weight of a bit, in steps².
    pub lambda: f32,
}

/// The best level of each parity under each union quantiser, and what they cost.
struct Choice {
    levels: [[u32; 2]; 2],
    costs: [[f32; 2]; 2],
}

/// Tries the points around |value| / half a step, and zero.
#[inline(always)]
fn choose(a: f32, class: u8, lambda: f32, rates: &Rates) -> Choice {
    let mut choice = Choice {
        levels: [[0; 2]; 2],
        costs: [[NEVER; 2]; 2],
    };
    for (union, (best, levels)) in choice.costs.iter_mut().zip(&mut choice.levels).enumerate() {
        let low = ((a + union as f32) * 0.5).min(1e9) as u32;
        let others = if low > 1 { low - 1 } else { 2 - 2 * low };
        for k in [low, low + 1, 0, others] {
            let point = 2 * k - shift(union, k.min(1) as i32) as u32;
            let d = a - point as f32;
            let cost = 0.25 * d * d + lambda * rates.bits(class, union, k);
            let parity = (k & 1) as usize;
            if cost < best[parity] {
                best[parity] = cost;
                levels[parity] = k;
            }
        }
    }
    choice
}

/// Stands for a level that 16 bits do not hold; such a choice is made again on the way back.
const WIDE: u16 = u16::MAX;

/// Buffers of the search.
#[derive(Default)]
pub struct Search {
    /// Levels of the choices, by union and parity.
    choices: Vec<[[u16; 2]; 2]>,
    /// Came from which state, per value and state.
    from: Vec<[u8; STATES]>,
}

/// States that lead to each state, by parity of the level between them: (state, parity) twice.
const BEFORE: [[(usize, usize); 2]; STATES] = {
    let mut before = [[(0, 0); 2]; STATES];
    let mut found = [0; STATES];
    let mut s = 0;
    while s < STATES {
        let mut parity = 0;
        while parity < 2 {
            let to = State::of(s).next(parity as i32).index();
            before[to][found[to]] = (s, parity);
            found[to] += 1;
            parity += 1;
        }
        s += 1;
    }
    before
};

impl Search {
    /// Makes room for `count` values; `false` if there is none.
    fn reserve(&mut self, count: usize) -> bool {
        self.choices.clear();
        self.from.clear();
        if self.choices.try_reserve_exact(count).is_err() || self.from.try_reserve_exact(count).is_err() {
            return false;
        }
        self.choices.resize(count, [[0; 2]; 2]);
        self.from.resize(count, [0; STATES]);
        true
    }

    /// Writes the levels of the cheapest path along one sequence (first value, number of values, distance), and the unions they
    /// belong to; `false` if there is no memory.
    #[allow(clippy::too_many_arguments)]
    #[inline(never)]
    pub fn path(
        &mut self,
        values: &[f32],
        classes: &[u8],
        (first, count, stride): (usize, usize, usize),
        objective: Objective,
        rates: &Rates,
        levels: &mut [i32],
        unions: &mut [u8],
    ) -> bool {
        if !self.reserve(count) {
            return false;
        }
        // Doubled after the product: twice the reciprocal of a tiny step would not be finite.
        let inverse = 1.0 / objective.step;
        let mut costs = [NEVER; STATES];
        costs[0] = 0.0;
        for t in 0..count {
            let i = first + t * stride;
            let a = 2.0 * (values[i] * inverse).abs();
            let class = classes[i];
            let choice = choose(a, class, objective.lambda, rates);
            self.choices[t] = choice.levels.map(|l| l.map(|k| u16::try_from(k).unwrap_or(WIDE)));
            let (mut next, from) = ([NEVER; STATES], &mut self.from[t]);
            for (to, (next, from)) in next.iter_mut().zip(from).enumerate() {
                let [a, b] = BEFORE[to].map(|(s, parity)| (costs[s] + choice.costs[s >> 2][parity], s as u8));
                // The lower state first on ties.
                (*next, *from) = if b.0 < a.0 { b } else { a };
            }
            let least = next.iter().copied().fold(NEVER, |m, c| if c < m { c } else { m });
            costs = next.map(|c| c - least);
        }
        let mut state = 0;
        for (s, &c) in costs.iter().enumerate() {
            if c < costs[state] {
                state = s;
            }
        }
        for t in (0..count).rev() {
            let i = first + t * stride;
            let before = State::of(usize::from(self.from[t][state]));
            let parity = usize::from(before.next(1).index() == state);
            let mut k = i32::from(self.choices[t][before.union()][parity]);
            if k == i32::from(WIDE) {
                let a = 2.0 * (values[i] * inverse).abs();
                k = choose(a, classes[i], objective.lambda, rates).levels[before.union()][parity] as i32;
            }
            levels[i] = if values[i] < 0.0 { -k } else { k };
            unions[i] = before.union() as u8;
            state = before.index();
        }
        true
    }
}
