//! The trellis' encoder: the cheapest path of levels through the eight states (encoder side of spec § 17).
//!
//! Cost of a level: squared error in steps² plus λ bits, the bits taken from tables of what earlier passes chose around it.

use super::sequence::Sequences;
use crate::error::{Field, Result};
use crate::layout::View;
use crate::limits::try_resize;
use crate::math::log2;
use crate::trellis::{State, shift};
use alloc::vec::Vec;

/// Magnitudes with a rate of their own.
const NEAR: usize = 16;
/// Classes of surroundings times classes of channels.
const CLASSES: usize = 12 * 8;
/// States of the trellis.
const STATES: usize = 8;
/// A cost no path has.
const NEVER: f32 = 1e30;

/// Bits of a magnitude with its sign, by union and class.
pub(super) struct Rates(Vec<[[f32; NEAR]; 2]>);

impl Rates {
    /// From counts by class and union; `shared` lets both unions use all counts.
    fn new(counts: &[[[u32; NEAR]; 2]], shared: bool) -> Self {
        let table = |counts: [u32; NEAR]| {
            let mut weights = [0.0f64; NEAR];
            let mut prior = 0.3;
            for (w, &n) in weights.iter_mut().zip(&counts) {
                *w = f64::from(n) + prior;
                prior *= 0.5;
            }
            let total = log2(weights.iter().sum());
            let mut bits = [0.0f32; NEAR];
            for (k, (b, &w)) in bits.iter_mut().zip(&weights).enumerate() {
                *b = (total - log2(w)) as f32 + if k > 0 { 1.0 } else { 0.0 };
            }
            bits
        };
        let rates = counts.iter().map(|[a, b]| {
            if shared {
                let mut sum = *a;
                sum.iter_mut().zip(b).for_each(|(s, n)| *s += n);
                [table(sum); 2]
            } else {
                [table(*a), table(*b)]
            }
        });
        Self(rates.collect())
    }

    /// Tables as they are, by class.
    pub fn of(tables: Vec<[[f32; NEAR]; 2]>) -> Self {
        Self(tables)
    }

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

/// The best level of each parity under each union quantiser, and what it costs.
#[derive(Clone, Copy, Default)]
struct Choice {
    levels: [[u32; 2]; 2],
}

/// Buffers of the search.
#[derive(Default)]
pub(super) struct Trellis {
    choices: Vec<Choice>,
    /// Came from which state, per value and state.
    from: Vec<[u8; STATES]>,
    classes: Vec<u8>,
    sums: Vec<(u32, u32)>,
}

/// What the search minimises.
#[derive(Clone, Copy)]
pub(super) struct Objective {
    /// Distance of the levels of one union quantiser.
    pub step: f32,
    /// Weight of a bit, in steps².
    pub lambda: f32,
}

impl Trellis {
    /// Replaces levels (a first guess, one step apart) by the levels of a good path.
    pub fn run(
        &mut self,
        values: &[f32],
        view: &View,
        sequences: Sequences,
        objective: Objective,
        levels: &mut [i32],
    ) -> Result<()> {
        let mut unions = Vec::new();
        try_resize(&mut unions, values.len(), Field::Data)?;
        for pass in 0..PASSES {
            self.classify(levels, view)?;
            let mut counts = alloc::vec![[[0u32; NEAR]; 2]; CLASSES];
            for ((&k, &class), &union) in levels.iter().zip(&self.classes).zip(&unions) {
                counts[usize::from(class)][usize::from(union)][(k.unsigned_abs() as usize).min(NEAR - 1)] += 1;
            }
            let rates = Rates::new(&counts, pass == 0);
            for (first, count, stride) in sequences.iter() {
                self.path(values, (first, count, stride), objective, &rates, levels, &mut unions)?;
            }
        }
        Ok(())
    }

    /// The best path of one sequence under given classes and rates.
    pub fn given(
        &mut self,
        values: &[f32],
        classes: &[u8],
        objective: Objective,
        rates: &Rates,
        levels: &mut [i32],
        unions: &mut [u8],
    ) -> Result<()> {
        self.classes.clear();
        self.classes.extend_from_slice(classes);
        self.path(values, (0, values.len(), 1), objective, rates, levels, unions)
    }

    /// Class of every value by its surroundings among the levels so far and its channel's mean.
    fn classify(&mut self, levels: &[i32], view: &View) -> Result<()> {
        try_resize(&mut self.classes, levels.len(), Field::Data)?;
        let (channels, plane) = (view.channels, view.plane());
        self.sums.clear();
        self.sums.resize(channels, (16, 1));
        for (p, levels) in levels.chunks(plane).enumerate() {
            let sum = &mut self.sums[p % channels];
            sum.0 += levels.iter().map(|k| 32 * k.unsigned_abs().min(1023)).sum::<u32>();
            sum.1 += levels.len() as u32;
        }
        // Planes of one value lie side by side in a line.
        let (line, end) = if plane == 1 {
            (channels, channels)
        } else {
            (view.width, view.width)
        };
        let block = if plane == 1 { levels.len() } else { plane };
        for (b, (levels, classes)) in levels.chunks(block).zip(self.classes.chunks_mut(block)).enumerate() {
            let magnitude = |i: usize, back: usize, inside: bool| {
                if inside && back <= i {
                    levels[i - back].unsigned_abs().min(255)
                } else {
                    0
                }
            };
            for (i, class) in classes.iter_mut().enumerate() {
                let x = i % line;
                let (up, left) = (magnitude(i, line, true), magnitude(i, 1, x > 0));
                let sum = 2 * (if x > 0 { left } else { up })
                    + 2 * (if i >= line { up } else { left })
                    + magnitude(i, line + 1, x > 0)
                    + magnitude(i, line - 1, x + 1 < end && line > 1 && i >= line);
                let (total, count) = self.sums[if plane == 1 { x } else { b % channels }];
                let mean = (crate::dense::halves(total / count).min(15) / 2) as u8;
                *class = mean * 12 + crate::dense::near(sum) as u8;
            }
        }
        Ok(())
    }

    fn path(
        &mut self,
        values: &[f32],
        (first, count, stride): (usize, usize, usize),
        objective: Objective,
        rates: &Rates,
        levels: &mut [i32],
        unions: &mut [u8],
    ) -> Result<()> {
        try_resize(&mut self.choices, count, Field::Data)?;
        try_resize(&mut self.from, count, Field::Data)?;
        let inverse = 2.0 / objective.step;
        let mut costs = [NEVER; STATES];
        costs[0] = 0.0;
        for t in 0..count {
            let i = first + t * stride;
            let a = (values[i] * inverse).abs();
            let class = self.classes[i];
            let mut best = [[NEVER; 2]; 2];
            let choice = &mut self.choices[t];
            for (union, (best, choice)) in best.iter_mut().zip(&mut choice.levels).enumerate() {
                let low = ((a + union as f32) * 0.5).min(1e9) as u32;
                let others = if low > 1 { low - 1 } else { 2 - 2 * low };
                for k in [low, low + 1, 0, others] {
                    let point = 2 * k - shift(union, k.min(1) as i32) as u32;
                    let d = a - point as f32;
                    let cost = 0.25 * d * d + objective.lambda * rates.bits(class, union, k);
                    let parity = (k & 1) as usize;
                    if cost < best[parity] {
                        best[parity] = cost;
                        choice[parity] = k;
                    }
                }
            }
            let (mut next, from) = ([NEVER; STATES], &mut self.from[t]);
            for (s, &cost) in costs.iter().enumerate() {
                let state = State::of(s);
                for (parity, &more) in best[state.union()].iter().enumerate() {
                    let to = state.next(parity as i32).index();
                    let total = cost + more;
                    if total < next[to] {
                        next[to] = total;
                        from[to] = s as u8;
                    }
                }
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
            let k = self.choices[t].levels[before.union()][parity] as i32;
            levels[i] = if values[i] < 0.0 { -k } else { k };
            unions[i] = before.union() as u8;
            state = before.index();
        }
        Ok(())
    }
}

/// Searches; each learns its rates from the one before.
const PASSES: usize = 2;
