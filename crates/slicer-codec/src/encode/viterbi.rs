//! The trellis' encoder: the cheapest path of levels through the eight states (encoder side of spec § 17).
//!
//! Cost of a level: squared error in steps² plus λ bits, the bits taken from tables of what earlier passes chose around it.

use super::sequence::Sequences;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::View;
use crate::limits::try_resize;
use crate::math::log2;
use alloc::vec::Vec;
use slicer_dense::viterbi::Search;
pub(super) use slicer_dense::viterbi::{NEAR, Objective, Rates};

/// Classes of surroundings times classes of channels.
const CLASSES: usize = 12 * 8;

/// From counts by class and union; `shared` lets both unions use all counts.
fn rates(counts: &[[[u32; NEAR]; 2]], shared: bool, rates: &mut Rates) {
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
    let tables = counts.iter().map(|[a, b]| {
        if shared {
            let mut sum = *a;
            sum.iter_mut().zip(b).for_each(|(s, n)| *s += n);
            [table(sum); 2]
        } else {
            [table(*a), table(*b)]
        }
    });
    rates.0.clear();
    rates.0.extend(tables);
}

fn check(found: bool, values: usize) -> Result<()> {
    if found {
        Ok(())
    } else {
        Err(Error::argument(ErrorCode::LimitExceeded, Field::Data, values as u64))
    }
}

/// Buffers of the search.
#[derive(Default)]
pub(super) struct Trellis {
    search: Search,
    /// Of every magnitude, by class and union quantiser: how often it was chosen, and the bits that follow.
    counts: Vec<[[u32; NEAR]; 2]>,
    rates: Rates,
    unions: Vec<u8>,
    classes: Vec<u8>,
    sums: Vec<(u32, u32)>,
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
        self.unions.clear();
        try_resize(&mut self.unions, values.len(), Field::Data)?;
        for pass in 0..PASSES {
            self.classify(levels, view)?;
            let counts = &mut self.counts;
            counts.clear();
            counts.resize(CLASSES, [[0; NEAR]; 2]);
            for ((&k, &class), &union) in levels.iter().zip(&self.classes).zip(&self.unions) {
                counts[usize::from(class)][usize::from(union)][(k.unsigned_abs() as usize).min(NEAR - 1)] += 1;
            }
            rates(counts, pass == 0, &mut self.rates);
            for (first, count, stride) in sequences.iter() {
                let (classes, sequence) = (&self.classes, (first, count, stride));
                let (rates, unions) = (&self.rates, &mut self.unions);
                let found = self
                    .search
                    .path(values, classes, sequence, objective, rates, levels, unions);
                check(found, count)?;
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
        let all = (0, values.len(), 1);
        let found = self.search.path(values, classes, all, objective, rates, levels, unions);
        check(found, values.len())
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
                let mean = (slicer_dense::dense::halves(total / count).min(15) / 2) as u8;
                *class = mean * 12 + slicer_dense::dense::near(sum) as u8;
            }
        }
        Ok(())
    }
}

/// Searches; each learns its rates from the one before.
const PASSES: usize = 2;
