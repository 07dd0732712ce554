//! Choice of entropy-coding tools by exact cost: tables, classes, contexts (spec § Tables, § Classes, § Contexts).

use super::counts::{Axis, Counts, Histogram, Map};
use super::plan::Tools;
use super::sort;
use super::source::Source;
use crate::bins::Bins;
use crate::contexts::{MAX_THRESHOLDS, Thresholds};
use crate::math::log2;
use crate::tables::{SCALES, SHAPES, TableSource, Tables, coded_bits, quantise};
use alloc::vec;
use alloc::vec::Vec;

const PRECISION: u32 = 12;
/// Values up to which the quick search tries the built-in family.
const SMALL: usize = 1 << 15;
/// Values up to which the thorough one does.
const SMALL_TENSOR: usize = 1 << 17;
/// Most groups that neighbouring buckets are merged into.
const MAX_CLASSES: usize = 8;
/// Buckets of rank sums before merging: the first rank sum of each.
const SUM_BUCKETS: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 20, 26, 36];
/// Channel or row buckets before merging.
const ACTIVITY_BUCKETS: usize = 16;

/// Which tools may be tried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    /// One table.
    OneTable,
    /// Classes by channel or row.
    Classes,
    /// Classes, contexts and both.
    All,
}

/// Picks the cheapest tools for the tokens of a tensor.
pub(super) fn choose(source: &Source<'_>, bins: &Bins, tokens: &[u8], search: Search) -> Tools {
    let counts = Counts::new(tokens, &source.view, bins);
    let [busy_channels, busy_rows] = counts.activity();
    let channels = Grouping::of(&counts, Axis::Channel, &busy_channels);
    let rows = Grouping::of(&counts, Axis::Row, &busy_rows);
    let total = match channels.as_ref().or(rows.as_ref()) {
        Some(parts) => merge_histograms(&parts.histograms, &[]).remove(0),
        None => counts.all(Map::default()).remove(0),
    };
    let mut best = inline(core::slice::from_ref(&total), bins);
    if tokens.is_empty() || search == Search::OneTable {
        return counts.exact(best);
    }
    let mut consider = |candidate: Option<Tools>| {
        if let Some(c) = candidate.filter(|c| c.cost() < best.cost()) {
            best = c;
        }
    };
    // The family pays where tables are dear; on large frames it costs more time than it saves bytes.
    let small = tokens.len() <= if search == Search::All { SMALL_TENSOR } else { SMALL };
    if small {
        consider(family(&total, bins));
    }
    for grouping in [&channels, &rows].into_iter().flatten() {
        consider(Some(grouping.tools(bins, MAX_CLASSES)));
    }
    if small {
        consider(family_classes(&counts, &total));
    }
    if search == Search::All && source.view.plane() > 1 {
        let classes = channels.as_ref().map(|g| g.merged(bins, 3));
        consider(with_contexts(&counts, None));
        consider(classes.and_then(|c| with_contexts(&counts, Some(&c))));
    }
    counts.exact(best)
}

impl Tools {
    fn cost(&self) -> f64 {
        self.payload_bits + self.side_bits
    }

    fn plain(tables: Tables, payload_bits: f64, side_bits: f64) -> Self {
        Self {
            tables,
            channel_classes: Vec::new(),
            row_classes: Vec::new(),
            thresholds: Thresholds::default(),
            payload_bits,
            side_bits,
        }
    }
}

/// Bits of every token under frequencies of [`PRECISION`]; infinite where a token has none.
fn token_costs(frequencies: &[u16]) -> Vec<f64> {
    let cost = |&f: &u16| {
        if f == 0 {
            f64::INFINITY
        } else {
            f64::from(PRECISION) - log2(f64::from(f))
        }
    };
    frequencies.iter().map(cost).collect()
}

/// Bits that coding a histogram takes.
fn data_bits(histogram: &[u32], costs: &[f64]) -> f64 {
    let mut bits = 0.0;
    for (&h, &cost) in histogram.iter().zip(costs) {
        if h > 0 {
            bits += f64::from(h) * cost;
        }
    }
    bits
}

/// Inline tables, one per histogram; an empty histogram borrows the merged one.
pub(super) fn inline(histograms: &[Histogram], bins: &Bins) -> Tools {
    let tokens = bins.list().len();
    let mut logs = Vec::with_capacity(histograms.len() * tokens);
    for h in histograms {
        if h.iter().all(|&c| c == 0) {
            let mut any = vec![0; tokens];
            any[bins.zero()] = 1;
            quantise(&any, &mut logs);
        } else {
            quantise(h, &mut logs);
        }
    }
    let side: u32 = (0..histograms.len()).map(|t| coded_bits(&logs, t, tokens).1).sum();
    let tables = match Tables::new(TableSource::Inline(logs), PRECISION, histograms.len(), bins, false) {
        Ok(tables) => tables,
        Err(_) => unreachable_tables(bins),
    };
    let payload = histograms
        .iter()
        .enumerate()
        .map(|(t, h)| data_bits(h, &token_costs(tables.table(t))))
        .sum();
    Tools::plain(tables, payload, f64::from(side + 24))
}

/// Every inline table above has mass, so expansion cannot fail; the flat family keeps this total without a panic.
fn unreachable_tables(bins: &Bins) -> Tables {
    let source = TableSource::Family {
        shape: 0,
        first: SCALES as u8 - 1,
        increment: 0,
    };
    match Tables::new(source, PRECISION, 1, bins, false) {
        Ok(tables) => tables,
        Err(_) => unreachable!("the widest family table is valid for any bins"),
    }
}

fn family_table(bins: &Bins, shape: u8, scale: u32) -> Option<Tables> {
    let source = TableSource::Family {
        shape,
        first: u8::try_from(scale).ok()?,
        increment: 1,
    };
    Tables::new(source, PRECISION, 1, bins, false).ok()
}

/// Scale index whose σ is nearest to a root mean square level.
fn scale_of(mean_square: f64) -> u32 {
    if mean_square <= 0.0 {
        return 0;
    }
    let index = 2.0 * log2(mean_square) + 12.0;
    (index + 0.5).clamp(0.0, f64::from(SCALES - 1)) as u32
}

/// Σ level² · count over the bins, and the count.
fn moment(histogram: &[u32], bins: &Bins) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for (&h, bin) in histogram.iter().zip(bins.list()) {
        let centre = f64::from(bin.lower) + 0.5 * (bin.width() as f64 - 1.0);
        sum += f64::from(h) * centre * centre;
        n += f64::from(h);
    }
    if n > 0.0 { sum / n } else { 0.0 }
}

/// One table of the built-in family: no table bits at all, so small tensors prefer it.
fn family(histogram: &[u32], bins: &Bins) -> Option<Tools> {
    let start = scale_of(moment(histogram, bins));
    let mut best: Option<(f64, Tables)> = None;
    for shape in 0..SHAPES {
        for scale in start.saturating_sub(8)..=(start + 1).min(SCALES - 1) {
            let tables = family_table(bins, shape, scale)?;
            let bits = data_bits(histogram, &token_costs(tables.table(0)));
            if best.as_ref().is_none_or(|(b, _)| bits < *b) {
                best = Some((bits, tables));
            }
        }
    }
    best.map(|(bits, tables)| Tools::plain(tables, bits, 40.0))
}

/// A ramp of family tables, one class per channel by the channel's own mean square level.
fn family_classes(counts: &Counts<'_>, total: &[u32]) -> Option<Tools> {
    let bins = counts.bins;
    if counts.view.channels < 2 || counts.view.channels.saturating_mul(total.len()) > MAX_COUNTERS {
        return None;
    }
    let shape = match family(total, bins)?.tables.source {
        // Within a channel tails are lighter than over all of them.
        TableSource::Family { shape, .. } => (shape + 1).min(SHAPES - 1),
        TableSource::Inline(_) => return None,
    };
    // Tables are expanded when a channel first asks for their scale.
    let mut costs = vec![Vec::new(); SCALES as usize];
    let mut payload = 0.0;
    let mut chosen = Vec::with_capacity(counts.view.channels);
    for h in counts.by_channel().chunks_exact(total.len()) {
        let start = scale_of(moment(h, bins));
        let mut best: Option<(f64, u32)> = None;
        for scale in start.saturating_sub(4)..=(start + 1).min(SCALES - 1) {
            let costs = &mut costs[scale as usize];
            if costs.is_empty() {
                *costs = token_costs(family_table(bins, shape, scale)?.table(0));
            }
            let bits = data_bits(h, costs);
            if best.is_none_or(|(b, _)| bits.total_cmp(&b).is_lt()) {
                best = Some((bits, scale));
            }
        }
        let (bits, scale) = best?;
        payload += bits;
        chosen.push(scale as u8);
    }
    let first = *chosen.iter().min()?;
    let count = usize::from(*chosen.iter().max()? - first) + 1;
    let channel_classes: Vec<i8> = chosen.iter().map(|&c| (c - first) as i8).collect();
    let source = TableSource::Family {
        shape,
        first,
        increment: 1,
    };
    let tables = Tables::new(source, PRECISION, count, bins, false).ok()?;
    let side = 48.0 + list_bits(&channel_classes);
    Some(Tools {
        channel_classes,
        ..Tools::plain(tables, payload, side)
    })
}

/// Bits of a class list.
fn list_bits(values: &[i8]) -> f64 {
    let mut bytes = Vec::new();
    crate::classes::write_list(values, &mut bytes);
    8.0 * bytes.len() as f64
}

/// Number of scales in the built-in family.
pub(super) fn family_scales() -> usize {
    SCALES as usize
}

/// Bits of a token with this frequency.
pub(super) fn token_bits(frequency: u16) -> f32 {
    (f64::from(PRECISION) - log2(f64::from(frequency.max(1)))) as f32
}

/// Most counters for histograms by channel.
const MAX_COUNTERS: usize = 1 << 22;

/// Members of an axis in ordered buckets.
struct Grouping {
    axis: Axis,
    bucket_of: Vec<i8>,
    histograms: Vec<Histogram>,
}

/// A class per member, and the number of classes.
struct Merged {
    classes: Vec<i8>,
    count: usize,
}

impl Grouping {
    /// Buckets of channels or rows of like activity, each with its histogram.
    fn of(counts: &Counts<'_>, axis: Axis, busy: &[u64]) -> Option<Self> {
        // Any activity beyond 32 bits is busy enough.
        let keys: Vec<u32> = busy.iter().map(|&s| s.min(u64::from(u32::MAX)) as u32).collect();
        let members = keys.len();
        if members < 2 {
            return None;
        }
        let order = sort::order(&keys);
        let buckets = ACTIVITY_BUCKETS.min(members);
        let mut bucket_of = vec![0; members];
        for (i, &m) in order.iter().enumerate() {
            bucket_of[m as usize] = (i * buckets / members) as i8;
        }
        let (row_classes, channel_classes) = axis.lists(&bucket_of);
        let histograms = counts.all(Map {
            classes: buckets,
            row_classes,
            channel_classes,
            thresholds: &[],
        });
        Some(Self {
            axis,
            bucket_of,
            histograms,
        })
    }

    fn merged(&self, bins: &Bins, most: usize) -> Merged {
        let edges = merge(&self.histograms, bins, most);
        let class = |bucket: i8| edges.iter().filter(|&&e| bucket as usize >= e).count() as i8;
        Merged {
            classes: self.bucket_of.iter().map(|&b| class(b)).collect(),
            count: edges.len() + 1,
        }
    }

    fn tools(&self, bins: &Bins, most: usize) -> Tools {
        let edges = merge(&self.histograms, bins, most);
        let tools = inline(&merge_histograms(&self.histograms, &edges), bins);
        let class = |bucket: i8| edges.iter().filter(|&&e| bucket as usize >= e).count() as i8;
        let classes: Vec<i8> = self.bucket_of.iter().map(|&b| class(b)).collect();
        let side_bits = tools.side_bits + 8.0 + list_bits(&classes);
        match self.axis {
            Axis::Channel => Tools {
                channel_classes: classes,
                side_bits,
                ..tools
            },
            Axis::Row => Tools {
                row_classes: classes,
                side_bits,
                ..tools
            },
        }
    }
}

/// Best cut of ordered histograms into at most `most` groups, by dynamic programming over ideal cost; returns the first
/// bucket of every group but the first.
fn merge(histograms: &[Histogram], bins: &Bins, most: usize) -> Vec<usize> {
    let n = histograms.len();
    let mut cost = vec![vec![0.0; n + 1]; n];
    for (i, row) in cost.iter_mut().enumerate() {
        let mut sum = vec![0u32; bins.list().len()];
        for (histogram, slot) in histograms[i..].iter().zip(&mut row[i + 1..]) {
            // Ideal bits under their own frequencies, plus a rough price of describing them.
            let (logs, total, used) = slicer_kernels::add_entropy(histogram, &mut sum);
            if total > 0 {
                *slot = f64::from(total) * log2(f64::from(total)) - logs + 8.0 + 2.5 * f64::from(used);
            }
        }
    }
    // best[g][j]: cheapest cost of the first j buckets in g + 1 groups, with the start of the last group.
    let mut best = vec![vec![(f64::INFINITY, 0usize); n + 1]; most];
    for j in 1..=n {
        best[0][j] = (cost[0][j], 0);
    }
    for g in 1..most {
        for j in 1..=n {
            for i in 1..j {
                let c = best[g - 1][i].0 + cost[i][j];
                if c < best[g][j].0 {
                    best[g][j] = (c, i);
                }
            }
        }
    }
    let Some(mut g) = (0..most).min_by(|&a, &b| best[a][n].0.total_cmp(&best[b][n].0)) else {
        return Vec::new();
    };
    let (mut edges, mut j) = (Vec::new(), n);
    while g > 0 {
        j = best[g][j].1;
        edges.push(j);
        g -= 1;
    }
    edges.reverse();
    edges
}

fn merge_histograms(histograms: &[Histogram], edges: &[usize]) -> Vec<Histogram> {
    let mut merged = vec![vec![0u32; histograms[0].len()]; edges.len() + 1];
    for (i, h) in histograms.iter().enumerate() {
        let group = edges.iter().filter(|&&e| i >= e).count();
        merged[group].iter_mut().zip(h).for_each(|(m, &c)| *m += c);
    }
    merged
}

/// Neighbour contexts, alone or within classes.
fn with_contexts(counts: &Counts<'_>, classes: Option<&Merged>) -> Option<Tools> {
    let bins = counts.bins;
    let channel_classes = classes.map_or(&[][..], |c| &c.classes);
    let class_count = classes.map_or(1, |c| c.count);
    let buckets = SUM_BUCKETS.len();
    let all = counts.all(Map {
        classes: class_count,
        row_classes: &[],
        channel_classes,
        thresholds: &SUM_BUCKETS[1..],
    });
    let pooled: Vec<Histogram> = (0..buckets)
        .map(|b| {
            let mut sum = vec![0; bins.list().len()];
            for own in all.chunks_exact(buckets) {
                sum.iter_mut().zip(&own[b]).for_each(|(s, h)| *s += h);
            }
            sum
        })
        .collect();
    let edges = merge(&pooled, bins, if class_count > 1 { 5 } else { MAX_THRESHOLDS + 1 });
    if edges.is_empty() {
        return None;
    }
    let merged: Vec<Histogram> = all
        .chunks_exact(buckets)
        .flat_map(|own| merge_histograms(own, &edges))
        .collect();
    let tools = inline(&merged, bins);
    let thresholds: Vec<u8> = edges.iter().map(|&e| SUM_BUCKETS[e]).collect();
    let thresholds = Thresholds::of(&thresholds);
    let map_bits = if channel_classes.is_empty() {
        0.0
    } else {
        8.0 + list_bits(channel_classes)
    };
    let side_bits = tools.side_bits + 8.0 * (1 + thresholds.as_slice().len()) as f64 + map_bits;
    Some(Tools {
        channel_classes: channel_classes.to_vec(),
        thresholds,
        side_bits,
        ..tools
    })
}
