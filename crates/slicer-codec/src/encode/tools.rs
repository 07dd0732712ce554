//! Choice of entropy-coding tools by exact cost: tables, classes, contexts (spec § Tables, § Classes, § Contexts).

use super::counts::{Axis, Counters, Counts, Map};
use super::merge::{BUCKETS, Edges, Grouping, MAX_GROUPS, add};
use super::plan::Tools;
use super::sort::Order;
use super::source::Source;
use crate::bins::Bins;
use crate::classes::list_len;
use crate::contexts::{MAX_THRESHOLDS, Thresholds};
use crate::crew::Crew;
use crate::limits::MAX_TOKENS;
use crate::math::log2;
use crate::tables::{SCALES, SHAPES, TableSource, coded_bits, family_table, quantise};
use alloc::vec::Vec;

const PRECISION: u32 = 12;
/// The same where speed counts: eight tables fit the first-level cache, which saves a tenth of decoding.
const QUICK_PRECISION: u32 = 10;
/// What that may cost of the payload. Most tensors lose 0.2 %, those that are nearly all zeros much more.
const QUICK_SHARE: f64 = 1.01;
/// Values up to which the quick search tries the built-in family.
const SMALL: usize = 1 << 15;
/// Values up to which the thorough one does.
const SMALL_TENSOR: usize = 1 << 17;
/// Buckets of rank sums before merging: the first rank sum of each.
const SUM_BUCKETS: [u8; BUCKETS] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 20, 26, 36];

/// Which tools may be tried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    /// Classes by channel or row; tables and lanes are those that are quick to decode.
    Classes,
    /// Classes, contexts and both, for the fewest bytes.
    All,
}

/// Picks tools for one tensor after the other. Histograms lie one after the other, each with a count for every bin.
#[derive(Default)]
pub(super) struct Chooser {
    counters: Crew<Counters>,
    /// Sums of ranks by channel and by row.
    busy: [Vec<u64>; 2],
    order: Order,
    channels: Grouping,
    rows: Grouping,
    /// Histograms by class and bucket of rank sums, and by bucket alone.
    by_sum: Vec<u32>,
    by_bucket: Vec<u32>,
    /// A histogram for every table that is tried.
    merged: Vec<u32>,
    /// Bits of every token under the family's tables of one shape, as far as they were asked for.
    costs: Vec<f64>,
    /// What is tried, and the cheapest so far.
    trial: Tools,
    best: Tools,
}

impl Chooser {
    /// Picks the cheapest tools for the tokens of a tensor. Whoever is done with them gives them back to [`Self::keep`].
    pub fn choose(&mut self, source: &Source<'_>, bins: &Bins, tokens: &[u8], search: Search) -> Tools {
        let counts = Counts::new(tokens, &source.view, bins);
        let [channels, rows] = &mut self.busy;
        counts.activity(channels, rows);
        let (order, counters) = (&mut self.order, &mut self.counters);
        self.channels.fill(&counts, Axis::Channel, channels, order, counters);
        self.rows.fill(&counts, Axis::Row, rows, order, counters);
        let mut total = [0; MAX_TOKENS];
        let total = &mut total[..bins.list().len()];
        let groupings = [&self.channels, &self.rows];
        let parts = match groupings.into_iter().find(|g| !g.is_empty()) {
            Some(grouping) => &grouping.histograms,
            None => {
                counts.all(Map::default(), counters, &mut self.merged);
                &self.merged
            }
        };
        parts.chunks_exact(total.len()).for_each(|h| add(total, h));
        self.best.clear();
        inline(&mut self.best, total, bins);
        if tokens.is_empty() {
            return self.exact(&counts, search);
        }
        // The family pays where tables are dear; on large frames it costs more time than it saves bytes.
        let small = tokens.len() <= if search == Search::All { SMALL_TENSOR } else { SMALL };
        let family = if small { family(total, bins) } else { None };
        if let Some((bits, shape, scale)) = family {
            self.one_of_family(bins, bits, shape, scale);
        }
        self.classes(Axis::Channel, bins);
        self.classes(Axis::Row, bins);
        if let Some((_, shape, _)) = family {
            // Within a channel tails are lighter than over all of them.
            self.family_by_channel(&counts, (shape + 1).min(SHAPES - 1));
        }
        if search == Search::All && source.view.plane() > 1 {
            self.contexts(&counts, false);
            self.contexts(&counts, true);
        }
        self.exact(&counts, search)
    }

    /// Takes tools back for their buffers.
    pub fn keep(&mut self, tools: Tools) {
        self.best = tools;
    }

    /// Keeps what was tried where it is cheaper.
    fn consider(&mut self) {
        if self.trial.cost() < self.best.cost() {
            core::mem::swap(&mut self.trial, &mut self.best);
        }
    }

    /// The best, with tables made from all tokens; where there were too many to look at all, quick ones if these are wanted.
    fn exact(&mut self, counts: &Counts<'_>, search: Search) -> Tools {
        let mut tools = core::mem::take(&mut self.best);
        if let Some(counts) = counts.whole()
            && tools.tables.source == TableSource::Inline
        {
            let map = Map {
                classes: tools.tables.count / (tools.thresholds.as_slice().len() + 1),
                row_classes: &tools.row_classes,
                channel_classes: &tools.channel_classes,
                thresholds: tools.thresholds.as_slice(),
            };
            counts.all(map, &mut self.counters, &mut self.merged);
            let side_bits = tools.side_bits;
            inline(&mut tools, &self.merged, counts.bins);
            tools.side_bits = side_bits;
            if search == Search::Classes {
                self.quicken(&mut tools, counts.bins);
            }
        }
        tools
    }

    /// Takes smaller tables for the histograms of all tokens, where they cost little.
    fn quicken(&mut self, tools: &mut Tools, bins: &Bins) {
        let quick = &mut self.trial.tables;
        quick.logs.clear();
        quick.logs.extend(&tools.tables.logs);
        let count = tools.tables.count;
        if quick
            .expand(TableSource::Inline, QUICK_PRECISION, count, bins, false)
            .is_err()
        {
            return;
        }
        let mut payload = 0.0;
        for (t, histogram) in self.merged.chunks_exact(bins.list().len()).enumerate() {
            // Every token costs less by what the table has fewer bits.
            let values: f64 = histogram.iter().map(|&h| f64::from(h)).sum();
            payload += data_bits(histogram, quick.table(t)) - f64::from(PRECISION - QUICK_PRECISION) * values;
        }
        if payload < QUICK_SHARE * tools.payload_bits {
            core::mem::swap(quick, &mut tools.tables);
            tools.payload_bits = payload;
        }
    }

    /// One table of the built-in family: no table bits at all, so small tensors prefer it.
    fn one_of_family(&mut self, bins: &Bins, bits: f64, shape: u8, scale: u8) {
        self.trial.clear();
        if self.trial.expand_family(shape, scale, 1, bins) {
            (self.trial.payload_bits, self.trial.side_bits) = (bits, 40.0);
            self.consider();
        }
    }

    /// Classes of channels or rows, with an inline table each.
    fn classes(&mut self, axis: Axis, bins: &Bins) {
        let trial = &mut self.trial;
        trial.clear();
        let (grouping, list) = match axis {
            Axis::Channel => (&self.channels, &mut trial.channel_classes),
            Axis::Row => (&self.rows, &mut trial.row_classes),
        };
        if grouping.is_empty() {
            return;
        }
        let n = bins.list().len();
        let edges = Edges::of(&grouping.histograms, n, MAX_GROUPS);
        grouping.classes(&edges, list);
        let list_bits = list_bits(list);
        self.merged.clear();
        edges.merge(&grouping.histograms, n, &mut self.merged);
        inline(trial, &self.merged, bins);
        trial.side_bits += 8.0 + list_bits;
        self.consider();
    }

    /// A ramp of family tables, one class per channel by the channel's own mean square level.
    fn family_by_channel(&mut self, counts: &Counts<'_>, shape: u8) {
        let (bins, channels) = (counts.bins, counts.view.channels);
        let n = bins.list().len();
        if channels < 2 || channels.saturating_mul(n) > MAX_COUNTERS {
            return;
        }
        let trial = &mut self.trial;
        trial.clear();
        // Tables are expanded when a channel first asks for their scale.
        let mut expanded = 0u64;
        self.costs.resize(SCALES as usize * n, 0.0);
        let (mut payload, mut first, mut last) = (0.0, u8::MAX, 0);
        for channel in 0..channels {
            let mut histogram = [0; MAX_TOKENS];
            let histogram = &mut histogram[..n];
            counts.of_channel(channel, histogram);
            let best = cheapest(scale_of(histogram, bins), |scale| {
                let costs = &mut self.costs[usize::from(scale) * n..][..n];
                if expanded >> scale & 1 == 0 {
                    let mut table = [0; MAX_TOKENS];
                    if family_table(bins, shape, scale, PRECISION, &mut table[..n]).is_err() {
                        return f64::INFINITY;
                    }
                    expanded |= 1 << scale;
                    costs.iter_mut().zip(&table).for_each(|(c, &f)| *c = token_cost(f));
                }
                let mut bits = 0.0;
                for (&h, &cost) in histogram.iter().zip(costs.iter()).filter(|(h, _)| **h > 0) {
                    bits += f64::from(h) * cost;
                }
                bits
            });
            payload += best.0;
            (first, last) = (first.min(best.1), last.max(best.1));
            trial.channel_classes.push(best.1 as i8);
        }
        trial.channel_classes.iter_mut().for_each(|c| *c -= first as i8);
        if trial.expand_family(shape, first, usize::from(last - first) + 1, bins) {
            trial.payload_bits = payload;
            trial.side_bits = 48.0 + list_bits(&trial.channel_classes);
            self.consider();
        }
    }

    /// Neighbour contexts, alone or within classes of channels.
    fn contexts(&mut self, counts: &Counts<'_>, in_classes: bool) {
        let (bins, trial) = (counts.bins, &mut self.trial);
        let n = bins.list().len();
        trial.clear();
        let (mut classes, mut most, mut map_bits) = (1, MAX_THRESHOLDS + 1, 0.0);
        if in_classes {
            if self.channels.is_empty() {
                return;
            }
            let edges = Edges::of(&self.channels.histograms, n, 3);
            self.channels.classes(&edges, &mut trial.channel_classes);
            classes = edges.groups();
            most = if classes > 1 { 5 } else { most };
            map_bits = 8.0 + list_bits(&trial.channel_classes);
        }
        let map = Map {
            classes,
            row_classes: &[],
            channel_classes: &trial.channel_classes,
            thresholds: &SUM_BUCKETS[1..],
        };
        counts.all(map, &mut self.counters, &mut self.by_sum);
        self.by_bucket.clear();
        self.by_bucket.resize(BUCKETS * n, 0);
        let of_classes = self.by_sum.chunks_exact(BUCKETS * n);
        of_classes.clone().for_each(|own| add(&mut self.by_bucket, own));
        let edges = Edges::of(&self.by_bucket, n, most);
        if edges.groups() == 1 {
            return;
        }
        self.merged.clear();
        of_classes.for_each(|own| edges.merge(own, n, &mut self.merged));
        inline(trial, &self.merged, bins);
        let mut thresholds = [0; MAX_THRESHOLDS];
        for (first, &edge) in thresholds.iter_mut().zip(edges.as_slice()) {
            *first = SUM_BUCKETS[usize::from(edge)];
        }
        trial.thresholds = Thresholds::of(&thresholds[..edges.as_slice().len()]);
        trial.side_bits += 8.0 * edges.groups() as f64 + map_bits;
        self.consider();
    }
}

impl Tools {
    fn cost(&self) -> f64 {
        self.payload_bits + self.side_bits
    }

    /// Leaves no classes and no contexts.
    fn clear(&mut self) {
        self.channel_classes.clear();
        self.row_classes.clear();
        self.thresholds = Thresholds::default();
    }

    /// Makes `count` tables of the built-in family; false where it has no such tables.
    fn expand_family(&mut self, shape: u8, first: u8, count: usize, bins: &Bins) -> bool {
        let source = TableSource::Family {
            shape,
            first,
            increment: 1,
        };
        self.tables.expand(source, PRECISION, count, bins, false).is_ok()
    }
}

/// Bits of a token under a frequency of [`PRECISION`]; infinite where it has none.
fn token_cost(frequency: u16) -> f64 {
    if frequency == 0 {
        f64::INFINITY
    } else {
        f64::from(PRECISION) - log2(f64::from(frequency))
    }
}

/// Bits that coding a histogram takes.
fn data_bits(histogram: &[u32], frequencies: &[u16]) -> f64 {
    let mut bits = 0.0;
    for (&h, &f) in histogram.iter().zip(frequencies) {
        if h > 0 {
            bits += f64::from(h) * token_cost(f);
        }
    }
    bits
}

/// Inline tables, one per histogram; an empty histogram's has the zero token alone.
fn inline(tools: &mut Tools, histograms: &[u32], bins: &Bins) {
    let (tables, n) = (&mut tools.tables, bins.list().len());
    tables.logs.clear();
    for h in histograms.chunks_exact(n) {
        if h.iter().all(|&c| c == 0) {
            let mut any = [0; MAX_TOKENS];
            any[bins.zero()] = 1;
            quantise(&any[..n], &mut tables.logs);
        } else {
            quantise(h, &mut tables.logs);
        }
    }
    let count = histograms.len() / n;
    let side: u32 = (0..count).map(|t| coded_bits(&tables.logs, t, n).1).sum();
    let made = tables.expand(TableSource::Inline, PRECISION, count, bins, false);
    debug_assert!(made.is_ok(), "all tables have mass");
    let payload = histograms.chunks_exact(n).enumerate();
    tools.payload_bits = payload.map(|(t, h)| data_bits(h, tables.table(t))).sum();
    tools.side_bits = f64::from(side + 24);
}

/// Scale whose σ is nearest to the root mean square level of a histogram.
fn scale_of(histogram: &[u32], bins: &Bins) -> u8 {
    let (mut sum, mut n) = (0.0, 0.0);
    for (&h, bin) in histogram.iter().zip(bins.list()) {
        let centre = f64::from(bin.lower) + 0.5 * (bin.width() as f64 - 1.0);
        sum += f64::from(h) * centre * centre;
        n += f64::from(h);
    }
    if sum == 0.0 {
        return 0;
    }
    let index = 2.0 * log2(sum / n) + 12.0;
    (index + 0.5).clamp(0.0, f64::from(SCALES - 1)) as u8
}

/// The scale that takes the fewest bits, and these: but for rounding, bits fall towards it from both sides.
fn cheapest(start: u8, mut bits: impl FnMut(u8) -> f64) -> (f64, u8) {
    let mut best = (bits(start), start);
    for way in [-1, 1] {
        while let Some(scale) = best.1.checked_add_signed(way).filter(|&s| u32::from(s) < SCALES) {
            let bits = bits(scale);
            if bits >= best.0 {
                break;
            }
            best = (bits, scale);
        }
        if best.1 != start {
            break;
        }
    }
    best
}

/// The cheapest table of the built-in family: bits, shape and scale.
fn family(histogram: &[u32], bins: &Bins) -> Option<(f64, u8, u8)> {
    let mut best = (f64::INFINITY, 0, scale_of(histogram, bins));
    for shape in 0..SHAPES {
        // Shapes that are next to each other like scales that are.
        let (bits, scale) = cheapest(best.2, |scale| {
            let mut table = [0; MAX_TOKENS];
            let table = &mut table[..histogram.len()];
            match family_table(bins, shape, scale, PRECISION, table) {
                Ok(()) => data_bits(histogram, table),
                Err(_) => f64::INFINITY,
            }
        });
        if bits < best.0 {
            best = (bits, shape, scale);
        }
    }
    (best.0 < f64::INFINITY).then_some(best)
}

/// Bits of a class list.
fn list_bits(values: &[i8]) -> f64 {
    8.0 * list_len(values) as f64
}

/// Number of scales in the built-in family.
pub(super) fn family_scales() -> usize {
    SCALES as usize
}

/// Bits of a token with this frequency.
pub(super) fn token_bits(frequency: u16) -> f32 {
    (f64::from(PRECISION) - log2(f64::from(frequency.max(1)))) as f32
}

/// Most counts, of all channels together, up to which each is looked at by itself.
const MAX_COUNTERS: usize = 1 << 22;
