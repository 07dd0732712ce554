//! Rows of a stream: levels, their trellis, and the class of every row (spec § 9.1, § 17, § 19.1).

use super::coefficients::{Coefficients, Transforms};
use super::emit::{BodyInfo, Tokens};
use super::plan::TokenSink;
use super::quantise::{self, MAX_LEVEL};
use super::row_class::{RowClass, magnitude_bits};
use super::source::Source;
use super::uniform::{put, to_tokens, unit_range};
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
    /// Of the trellis; empty without.
    rates: Rates,
    classes: usize,
    class: RowClass,
    coefficients: Coefficients,
    trellis: Trellis,
    levels: Vec<i32>,
    unions: Vec<u8>,
    /// Channel classes of the row at hand.
    channels: Vec<i8>,
    by_value: Vec<u8>,
    before: State,
}

impl Rows {
    pub fn new(coding: &Coding) -> Self {
        let table = |t: usize| magnitude_bits(coding, t);
        let count = coding.class_count();
        let searched = if coding.trellis { count } else { 0 };
        Self {
            rates: Rates(
                (0..searched)
                    .map(|class| [table(2 * class), table(2 * class + 1)])
                    .collect(),
            ),
            classes: count,
            class: RowClass::new(coding),
            coefficients: Coefficients::default(),
            trellis: Trellis::default(),
            levels: Vec::new(),
            unions: Vec::new(),
            channels: Vec::new(),
            by_value: Vec::new(),
            before: State::default(),
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
        let plain = !(coding.trellis || coding.adaptive || coding.has_transforms());
        if plain && self.bytes(source, coding, step, info, tokens)? {
            return Ok(true);
        }
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
        self.before.clone_from(state);
        self.class.set_channels(&coding.classes.channels)?;
        try_resize(&mut self.levels, row, Field::Data)?;
        try_resize(&mut self.unions, row, Field::Data)?;
        let values = core::mem::take(&mut self.coefficients.values);
        let mut fits = true;
        sink.run(0);
        for values in values.chunks(row) {
            if coding.adaptive {
                state.classes(coded.channels, &mut self.channels)?;
                self.class.set_channels(&self.channels)?;
            }
            quantise::levels(values, 1.0 / step, 0.0, &mut self.levels);
            // The search would clip what is farther out, and lose track of parities.
            if coding.trellis && self.levels.iter().any(|k| k.unsigned_abs() >= MAX_LEVEL as u32 / 4) {
                fits = false;
                break;
            }
            self.unions.fill(0);
            self.class.count(&self.levels, &self.unions, coded.plane());
            class = self.class.cheapest(class);
            if coding.trellis {
                self.spread(class, row, coded.plane());
                let objective = Objective { step, lambda: LAMBDA };
                let (levels, unions) = (&mut self.levels[..], &mut self.unions[..]);
                self.trellis
                    .given(values, &self.by_value, objective, &self.rates, levels, unions)?;
                self.class.count(&self.levels, &self.unions, coded.plane());
                class = self.class.cheapest(class);
            }
            info.row_classes.push(class);
            for &k in &self.levels {
                fits &= k.unsigned_abs() < MAX_LEVEL as u32;
                let token = put(&mut sink.bits, &coding.bins, k);
                sink.token(token);
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
            state.clone_from(&self.before);
        }
        Ok(fits)
    }

    /// The same where a level is a byte and nothing stands between it and its value; `false`, and nothing done, where one is too
    /// large for that, or no number.
    fn bytes(
        &mut self,
        source: &Source<'_>,
        coding: &Coding,
        step: f32,
        info: &mut BodyInfo,
        tokens: &mut Tokens,
    ) -> Result<bool> {
        let view = &source.view;
        let row = view.channels * view.plane();
        let mut all = core::mem::take(&mut tokens.tokens);
        try_resize(&mut all, source.len(), Field::Data)?;
        let (mut rest, mut fits) = (&mut all[..], row > 0);
        source.for_cells(0..source.len(), &mut |cells, _| {
            let (levels, after) = core::mem::take(&mut rest).split_at_mut(cells.len());
            // Not so for NaN.
            fits &= slicer_kernels::quantise_bytes(cells, 1.0 / step, 0.0, levels) < 127.0;
            rest = after;
        });
        if !fits {
            tokens.tokens = all;
            return Ok(false);
        }
        let mut class = info.row_classes.last().copied().unwrap_or(MIDDLE);
        info.row_classes.clear();
        self.class.set_channels(&coding.classes.channels)?;
        let mut sink = TokenSink::begin(tokens, view);
        sink.run(0);
        let (low, high) = unit_range(&coding.bins);
        for levels in all.chunks_mut(row) {
            self.class.count_bytes(levels, view.plane());
            class = self.class.cheapest(class);
            info.row_classes.push(class);
            to_tokens(levels, (low, high), &coding.bins, &mut sink.bits);
        }
        sink.finish();
        tokens.tokens = all;
        Ok(true)
    }

    /// Class of every value of a row.
    fn spread(&mut self, class: i8, row: usize, plane: usize) {
        self.by_value.clear();
        let (channels, count) = (self.class.channels(), self.classes);
        let of = |i: usize| combine(class, channels.get(i / plane).copied().unwrap_or(0), count) as u8;
        self.by_value.extend((0..row).map(of));
    }
}
