//! Rows of a stream: levels, their trellis, and the class of every row (spec § 9.1, § 17, § 19.1).

use super::coefficients::{Coefficients, Transforms};
use super::emit::{BodyInfo, Tokens};
use super::plan::TokenSink;
use super::quantise::{self, MAX_LEVEL};
use super::source::Source;
use super::stream::UNITS;
use super::tools;
use super::viterbi::{Objective, Rates, Trellis};
use crate::adaptive::State;
use crate::classes::combine;
use crate::coding::Coding;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::View;
use crate::limits::try_resize;
use alloc::vec::Vec;

/// Weight of a bit in steps² for the trellis.
const LAMBDA: f32 = 0.0375;
/// The class the search for a row's class begins with.
const MIDDLE: i8 = 20;

/// Quantises the rows of bodies under one setup.
pub(super) struct Rows {
    rates: Rates,
    classes: usize,
    coefficients: Coefficients,
    trellis: Trellis,
    levels: Vec<i32>,
    unions: Vec<u8>,
    channels: Vec<i8>,
    by_value: Vec<u8>,
}

impl Rows {
    pub fn new(coding: &Coding) -> Self {
        let zero = coding.bins.zero();
        let per_class = coding.contexts();
        let bits = |table: usize, k: usize| tools::token_bits(coding.tables.table(table)[zero + k]);
        let union_of = |u: usize| u.min(per_class - 1);
        let table = |class: usize, union: usize| core::array::from_fn(|k| bits(class * per_class + union_of(union), k));
        let count = coding.class_count();
        Self {
            rates: Rates((0..count).map(|class| [table(class, 0), table(class, 1)]).collect()),
            classes: count,
            coefficients: Coefficients::default(),
            trellis: Trellis::default(),
            levels: Vec::new(),
            unions: Vec::new(),
            channels: Vec::new(),
            by_value: Vec::new(),
        }
    }

    /// Fills tokens and row classes; `false` if a level leaves the range of the bins, and the state then is what it was.
    #[allow(clippy::too_many_arguments)]
    pub fn quantise(
        &mut self,
        source: &Source<'_>,
        coding: &Coding,
        coded: &View,
        step: f32,
        state: &mut State,
        info: &mut BodyInfo,
        tokens: &mut Tokens,
    ) -> Result<bool> {
        let transforms = Transforms {
            mean: coding.profile.as_ref().is_some_and(|p| p.mean),
            channel: coding.channel_transform,
            dct: None,
        };
        let profile = coding.profile.as_ref().map(|p| &*p.profile);
        if self.coefficients.forward(source, profile, transforms)?.is_none() {
            if self.coefficients.values.iter().any(|v| !v.is_finite()) {
                return Err(Error::argument(ErrorCode::NonFinite, Field::Data, 0));
            }
            if coding.has_transforms() {
                return Ok(false);
            }
        }
        let mut class = info.row_classes.last().copied().unwrap_or(MIDDLE);
        info.row_classes.clear();
        let mut sink = TokenSink::new(tokens, coded);
        let row = coded.channels * coded.plane();
        if row == 0 || coded.rows == 0 {
            info.row_classes.resize(coded.rows, 0);
            sink.run(0);
            sink.finish();
            return Ok(true);
        }
        let before = state.clone();
        self.channels.clone_from(&coding.classes.channels);
        try_resize(&mut self.levels, row, Field::Data)?;
        try_resize(&mut self.unions, row, Field::Data)?;
        let values = core::mem::take(&mut self.coefficients.values);
        let mut fits = true;
        sink.run(0);
        for values in values.chunks(row) {
            if coding.adaptive {
                state.classes(coded.channels, &mut self.channels)?;
            }
            quantise::levels(values, 1.0 / step, 0.0, &mut self.levels);
            // The search would clip what is farther out, and lose track of parities.
            if coding.trellis && self.levels.iter().any(|k| k.unsigned_abs() >= MAX_LEVEL as u32 / 4) {
                fits = false;
                break;
            }
            self.unions.fill(0);
            class = self.row_class(class, coded.plane());
            if coding.trellis {
                self.spread(class, row, coded.plane());
                let objective = Objective { step, lambda: LAMBDA };
                let (levels, unions) = (&mut self.levels[..], &mut self.unions[..]);
                self.trellis
                    .given(values, &self.by_value, objective, &self.rates, levels, unions)?;
                class = self.row_class(class, coded.plane());
            }
            info.row_classes.push(class);
            for &k in &self.levels {
                fits &= k.unsigned_abs() < MAX_LEVEL as u32;
                let token = coding.bins.find(k);
                let bin = &coding.bins.list()[token];
                sink.token(token as u8);
                if bin.bits > 0 {
                    sink.offset((i64::from(k) - i64::from(bin.lower)) as u32, u32::from(bin.bits));
                }
            }
            if coding.adaptive {
                self.spread(class, row, coded.plane());
                sink.classes(&self.by_value);
                state.learn(&self.levels)?;
            }
        }
        sink.finish();
        self.coefficients.values = values;
        if !fits {
            state.clone_from(&before);
        }
        Ok(fits)
    }

    /// Class of every value of a row.
    fn spread(&mut self, class: i8, row: usize, plane: usize) {
        self.by_value.clear();
        let (channels, count) = (&self.channels, self.classes);
        let of = |i: usize| combine(class, channels.get(i / plane).copied().unwrap_or(0), count) as u8;
        self.by_value.extend((0..row).map(of));
    }

    /// The cheapest class of a row: costs are convex in the scale, so walk downhill from the last row's class, and on where it
    /// is level: far from a row's size all channels have the same table.
    fn row_class(&self, from: i8, plane: usize) -> i8 {
        let cost = |class: i8| -> f32 {
            let planes = self.levels.chunks(plane).zip(self.unions.chunks(plane)).enumerate();
            planes
                .map(|(c, (levels, unions))| {
                    let channel = self.channels.get(c).copied().unwrap_or(0);
                    let class = combine(class, channel, self.classes) as u8;
                    let bits = |(&k, &u): (&i32, &u8)| self.rates.bits(class, u.into(), k.unsigned_abs().min(UNITS));
                    levels.iter().zip(unions).map(bits).sum::<f32>()
                })
                .sum()
        };
        let (mut class, mut best) = (from, cost(from));
        for direction in [1i8, -1] {
            let mut at = class + direction;
            while (-63..=63).contains(&at) {
                let next = cost(at);
                if next > best {
                    break;
                }
                if next < best {
                    (best, class) = (next, at);
                }
                at += direction;
            }
        }
        class
    }
}
