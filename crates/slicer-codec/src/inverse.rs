//! Inverse transforms of a body: coefficients are collected, then turned into the tensor (spec § 15, § 16).

use crate::channel;
use crate::coding::Coding;
use crate::dct::{Dct, TILE};
use crate::dtype::DType;
use crate::elements::BLOCK;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::frame::Body;
use crate::layout::View;
use crate::limits::{Account, try_resize};
#[cfg(feature = "threads")]
use crate::sink::Part;
use crate::sink::Sink;
#[cfg(feature = "threads")]
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Collects the coefficients of a body; a sink for the segments before it.
#[derive(Default)]
pub(crate) struct Inverse {
    values: Vec<f32>,
    scratch: Vec<f32>,
    dct: Dct,
}

impl Inverse {
    /// Makes room, and charges for it and for the work ahead.
    pub fn begin(&mut self, coding: &Coding, body: &Body<'_>, account: &mut Account) -> Result<()> {
        let (coded, view) = (&body.coded, &body.view);
        let (mut bytes, mut work) = (4 * coded.elements() as u64, 0);
        if let Some(weighted) = coding.dct {
            let (h, w) = (coded.height.min(TILE), coded.width.min(TILE));
            // An axis that its tiles do not divide has tiles of two sizes, with a basis each.
            let sizes = |n: usize| 1 + usize::from(!n.is_multiple_of(n.div_ceil(TILE).max(1)));
            let (down, across) = (sizes(coded.height), sizes(coded.width));
            let weights = if weighted { down * across * h * w } else { 0 };
            let constants = down * h * h + across * w * w + weights;
            bytes += 4 * (constants + h * w) as u64;
            // Eight products and sums are about the work of one decoded value.
            work += coded.elements() as u64 * (h + w) as u64 / 8 + 64 * constants as u64;
        }
        if let Some(matrix) = coding.matrix() {
            bytes += 4 * view.elements() as u64;
            work += view.elements() as u64 * matrix.coefficients as u64 / 8;
        }
        account.charge_bytes(bytes, Field::Transform, body.base)?;
        account.charge_work(work, Field::Transform, body.base)?;
        try_resize(&mut self.values, coded.elements(), Field::Transform)
    }

    /// Runs the transforms and hands the tensor on.
    pub fn finish(&mut self, coding: &Coding, body: &Body<'_>, sink: &mut dyn Sink) -> Result<()> {
        let (coded, view) = (&body.coded, &body.view);
        if view.elements() == 0 {
            return Ok(());
        }
        if let Some(weighted) = coding.dct {
            self.dct
                .inverse(&mut self.values, (coded.height, coded.width), weighted)?;
        }
        if let Some(matrix) = coding.matrix() {
            let sizes = (matrix.coefficients, view.channels);
            let (values, scratch) = (&mut self.values, &mut self.scratch);
            channel::mix_rows(&matrix.inverse, sizes, view.plane(), view.rows, values, scratch)?;
        }
        let means = coding.means();
        if !means.is_empty() {
            channel::add_means(&mut self.values, view.plane(), means);
        }
        if self.values.iter().any(|v| !v.is_finite()) {
            return Err(Error::new(ErrorCode::Corrupt, Field::Transform, body.base, 0));
        }
        for (b, values) in self.values.chunks(BLOCK).enumerate() {
            sink.values(b * BLOCK, values);
        }
        Ok(())
    }
}

impl Sink for Inverse {
    fn begin(&mut self, _: DType, _: &View) -> Result<()> {
        Ok(())
    }

    fn values(&mut self, at: usize, values: &[f32]) {
        self.values[at..at + values.len()].copy_from_slice(values);
    }

    // Transforms exist in the real domain only.
    fn levels(&mut self, _: usize, _: &[i32]) -> core::result::Result<(), i32> {
        Ok(())
    }

    fn raw(&mut self, _: &[u8]) {}

    #[cfg(feature = "threads")]
    fn parts(&mut self, length: usize) -> Option<Vec<Part<'_>>> {
        let parts = self.values.chunks_mut(length).enumerate();
        Some(
            parts
                .map(|(i, values)| Box::new(Coefficients(i * length, values)) as Part<'_>)
                .collect(),
        )
    }
}

/// A place for coefficients, from a position on.
#[cfg(feature = "threads")]
struct Coefficients<'a>(usize, &'a mut [f32]);

#[cfg(feature = "threads")]
impl Sink for Coefficients<'_> {
    fn begin(&mut self, _: DType, _: &View) -> Result<()> {
        Ok(())
    }

    fn values(&mut self, at: usize, values: &[f32]) {
        let at = at - self.0;
        self.1[at..at + values.len()].copy_from_slice(values);
    }

    fn levels(&mut self, _: usize, _: &[i32]) -> core::result::Result<(), i32> {
        Ok(())
    }

    fn raw(&mut self, _: &[u8]) {}
}
