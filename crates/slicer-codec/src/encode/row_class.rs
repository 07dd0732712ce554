//! The class of a row: the one under which its levels cost least (encoder side of spec § 9.1).
//!
//! What a row costs depends on how often each magnitude occurs in it, so it is counted once and every class that is tried takes
//! a sum of products. Costs are integers: no sum depends on its order.

use super::tools::token_bits;
use crate::classes::combine;
use crate::coding::Coding;
use crate::error::{Field, Result};
use crate::limits::try_resize;
use alloc::vec::Vec;
use slicer_dense::viterbi::NEAR;

/// Cost of a bit.
const BIT: f32 = 65536.0;

/// Tables of costs, and the counts of one row.
pub(super) struct RowClass {
    /// Of every magnitude below [`NEAR`], by class and union quantiser. What an escape costs beyond is the same for all.
    costs: Vec<[u32; NEAR]>,
    unions: usize,
    /// Classes of the channels, and the lowest of them.
    channels: Vec<i8>,
    lowest: i8,
    /// How often each magnitude occurs, by the channel's class and union.
    counts: Vec<[u32; NEAR]>,
}

impl RowClass {
    /// Sums up the tables of a setup.
    pub fn new(coding: &Coding) -> Self {
        let cost = |bits: f32| (bits * BIT + 0.5) as u32;
        let table = |t: usize| magnitude_bits(coding, t).map(cost);
        Self {
            costs: (0..coding.tables.count).map(table).collect(),
            unions: coding.contexts(),
            channels: Vec::new(),
            lowest: 0,
            counts: Vec::new(),
        }
    }

    fn classes(&self) -> usize {
        self.costs.len() / self.unions
    }

    /// Takes the channels' classes for the rows to come; none if all are alike.
    pub fn set_channels(&mut self, channels: &[i8]) -> Result<()> {
        let (lowest, highest) = channels.iter().fold((127, -127), |(l, h), &c| (c.min(l), c.max(h)));
        self.lowest = if channels.is_empty() { 0 } else { lowest };
        let groups = if channels.is_empty() {
            1
        } else {
            highest.abs_diff(lowest) as usize + 1
        };
        try_resize(&mut self.channels, channels.len(), Field::Classes)?;
        self.channels.copy_from_slice(channels);
        try_resize(&mut self.counts, groups * self.unions, Field::Classes)
    }

    /// Class of every channel.
    pub fn channels(&self) -> &[i8] {
        &self.channels
    }

    fn group(&self, channel: i8) -> usize {
        channel.abs_diff(self.lowest).into()
    }

    /// Counts a row of levels in bytes; for setups without unions.
    pub fn count_bytes(&mut self, levels: &[u8], plane: usize) {
        self.counts.fill([0; NEAR]);
        if self.channels.is_empty() {
            return slicer_kernels::magnitudes(levels, &mut self.counts[0]);
        }
        for (c, levels) in levels.chunks(plane).enumerate() {
            let group = self.group(self.channels[c]);
            let counts = &mut self.counts[group];
            if plane > 64 {
                slicer_kernels::magnitudes(levels, counts);
                continue;
            }
            for &k in levels {
                counts[usize::from((k as i8).unsigned_abs()).min(NEAR - 1)] += 1;
            }
        }
    }

    /// Counts a row of levels, each of its union.
    pub fn count(&mut self, levels: &[i32], unions: &[u8], plane: usize) {
        self.counts.fill([0; NEAR]);
        for (c, (levels, unions)) in levels.chunks(plane).zip(unions.chunks(plane)).enumerate() {
            let group = self.channels.get(c).map_or(0, |&channel| self.group(channel));
            let counts = &mut self.counts[group * self.unions..][..self.unions];
            for (&k, &union) in levels.iter().zip(unions) {
                counts[usize::from(union)][(k.unsigned_abs() as usize).min(NEAR - 1)] += 1;
            }
        }
    }

    /// What the row costs under a class.
    fn cost(&self, class: i8) -> u64 {
        let groups = self.counts.chunks_exact(self.unions).enumerate();
        groups
            .map(|(group, counts)| {
                let channel = (i32::from(self.lowest) + group as i32) as i8;
                let table = combine(class, channel, self.classes()) * self.unions;
                counts
                    .iter()
                    .zip(&self.costs[table..])
                    .map(|(n, bits)| dot(n, bits))
                    .sum::<u64>()
            })
            .sum()
    }

    /// The cheapest class of the row that was counted: costs are nearly convex in the scale, so walk downhill from the last row's
    /// class, on where it is level (far from a row's size all channels have the same table), and over one class that is worse:
    /// what normalisation leaves over goes to the most frequent token, and now and then makes a wider scale the better one for zeros.
    pub fn cheapest(&self, from: i8) -> i8 {
        let (mut class, mut best) = (from, self.cost(from));
        for direction in [1i8, -1] {
            let (mut at, mut worse) = (class + direction, 0);
            while (-63..=63).contains(&at) && worse < 2 {
                let next = self.cost(at);
                worse = if next > best { worse + 1 } else { 0 };
                if next < best {
                    (best, class) = (next, at);
                }
                at += direction;
            }
        }
        class
    }
}

/// Bits of every magnitude below [`NEAR`] under a table, without its sign.
pub(super) fn magnitude_bits(coding: &Coding, table: usize) -> [f32; NEAR] {
    let zero = coding.bins.zero();
    core::array::from_fn(|k| token_bits(coding.tables.table(table)[zero + k]))
}

fn dot(counts: &[u32; NEAR], bits: &[u32; NEAR]) -> u64 {
    counts
        .iter()
        .zip(bits)
        .map(|(&n, &b)| u64::from(n) * u64::from(b))
        .sum()
}
