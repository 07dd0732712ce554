//! Members of like activity in buckets, and neighbouring buckets in groups that share a table (encoder side of spec § Classes).
//!
//! Histograms lie one after the other, each with a count for every bin.

use super::counts::{Axis, Counters, Counts, Map};
use super::sort::Order;
use crate::crew::Crew;
use crate::limits::MAX_TOKENS;
use crate::math::log2;
use alloc::vec::Vec;

/// Most groups that buckets are merged into.
pub(super) const MAX_GROUPS: usize = 8;
/// Most buckets.
pub(super) const BUCKETS: usize = 16;

/// Channels or rows in buckets of ascending activity.
#[derive(Default)]
pub(super) struct Grouping {
    /// Bucket of every member; empty with fewer than two members.
    bucket_of: Vec<i8>,
    /// One for every bucket.
    pub histograms: Vec<u32>,
}

impl Grouping {
    /// Puts members into buckets by how busy they are, and counts each bucket's tokens.
    pub fn fill(
        &mut self,
        counts: &Counts<'_>,
        axis: Axis,
        busy: &[u64],
        order: &mut Order,
        counters: &mut Crew<Counters>,
    ) {
        self.bucket_of.clear();
        self.histograms.clear();
        let members = busy.len();
        if members < 2 {
            return;
        }
        // Any activity beyond 32 bits is busy enough.
        let order = order.of(busy.iter().map(|&s| s.min(u64::from(u32::MAX)) as u32));
        let buckets = BUCKETS.min(members);
        self.bucket_of.resize(members, 0);
        for (i, &m) in order.iter().enumerate() {
            self.bucket_of[m as usize] = (i * buckets / members) as i8;
        }
        let (row_classes, channel_classes) = axis.lists(&self.bucket_of);
        let map = Map {
            classes: buckets,
            row_classes,
            channel_classes,
            thresholds: &[],
        };
        counts.all(map, counters, &mut self.histograms);
    }

    /// True where there are no two members to tell apart.
    pub fn is_empty(&self) -> bool {
        self.bucket_of.is_empty()
    }

    /// Class of every member when buckets are merged.
    pub fn classes(&self, edges: &Edges, classes: &mut Vec<i8>) {
        classes.clear();
        classes.extend(self.bucket_of.iter().map(|&b| edges.group(b as usize) as i8));
    }
}

/// Where merged groups begin: the first bucket of every group but the first.
#[derive(Default)]
pub(super) struct Edges {
    list: [u8; MAX_GROUPS - 1],
    count: usize,
}

impl Edges {
    pub fn as_slice(&self) -> &[u8] {
        &self.list[..self.count]
    }

    pub fn groups(&self) -> usize {
        self.count + 1
    }

    fn group(&self, bucket: usize) -> usize {
        self.as_slice().iter().filter(|&&e| bucket >= usize::from(e)).count()
    }

    /// Best cut of at most [`BUCKETS`] ordered histograms of `n` counts into at most `most` groups, by dynamic programming over
    /// ideal cost.
    pub fn of(histograms: &[u32], n: usize, most: usize) -> Self {
        let buckets = histograms.len() / n;
        let mut cost = [[0.0; BUCKETS + 1]; BUCKETS];
        for (i, row) in cost.iter_mut().enumerate().take(buckets) {
            let mut sum = [0; MAX_TOKENS];
            for (histogram, slot) in histograms[i * n..].chunks_exact(n).zip(&mut row[i + 1..]) {
                // Ideal bits under their own frequencies, plus a rough price of describing them.
                let (logs, total, used) = slicer_kernels::add_entropy(histogram, &mut sum[..n]);
                if total > 0 {
                    *slot = f64::from(total) * log2(f64::from(total)) - logs + 8.0 + 2.5 * f64::from(used);
                }
            }
        }
        // best[g][j]: cheapest cost of the first j buckets in g + 1 groups, with the start of the last group.
        let mut best = [[(f64::INFINITY, 0u8); BUCKETS + 1]; MAX_GROUPS];
        let best = &mut best[..most.min(MAX_GROUPS)];
        for j in 1..=buckets {
            best[0][j] = (cost[0][j], 0);
        }
        for g in 1..best.len() {
            for j in 1..=buckets {
                for i in 1..j {
                    let c = best[g - 1][i].0 + cost[i][j];
                    if c < best[g][j].0 {
                        best[g][j] = (c, i as u8);
                    }
                }
            }
        }
        let cheapest = (0..best.len()).min_by(|&a, &b| best[a][buckets].0.total_cmp(&best[b][buckets].0));
        let mut edges = Self {
            list: [0; MAX_GROUPS - 1],
            count: cheapest.unwrap_or(0),
        };
        let mut end = buckets;
        for (g, edge) in edges.list[..edges.count].iter_mut().enumerate().rev() {
            *edge = best[g + 1][end].1;
            end = usize::from(*edge);
        }
        edges
    }

    /// Appends a histogram for every group.
    pub fn merge(&self, histograms: &[u32], n: usize, merged: &mut Vec<u32>) {
        let start = merged.len();
        merged.resize(start + self.groups() * n, 0);
        for (i, h) in histograms.chunks_exact(n).enumerate() {
            add(&mut merged[start + self.group(i) * n..][..n], h);
        }
    }
}

/// Adds counts to others.
pub(super) fn add(sums: &mut [u32], counts: &[u32]) {
    sums.iter_mut().zip(counts).for_each(|(s, &c)| *s += c);
}
