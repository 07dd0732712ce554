//! Error of a finished frame, measured on the decoded values in f64 as the decoder produces them.

use super::source::{Granularity, Source};
use crate::dtype::DType;
use crate::elements::{self, BLOCK};
use crate::error::Result;
use crate::layout::View;
use crate::math::sqrt;
use crate::sink::Sink;
use alloc::vec::Vec;

/// Error of a decoded tensor against its source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub nrmse: f64,
    pub worst_group: f64,
    pub max_error: f64,
    pub energy_ratio: f64,
}

/// A frame without loss.
pub(super) const EXACT: Measured = Measured {
    nrmse: 0.0,
    worst_group: 0.0,
    max_error: 0.0,
    energy_ratio: 1.0,
};

/// Compares what a decoder returns with the source, value by value, after rounding to the element type.
pub(super) struct Measure<'a> {
    source: &'a Source<'a>,
    /// Σe² and Σx² per scale group.
    sums: &'a mut Vec<(f64, f64)>,
    /// Consecutive values of one group.
    run: usize,
    kept: f64,
    max_error: f64,
}

impl<'a> Measure<'a> {
    /// Begins with no error; `sums` is an old buffer.
    pub fn new(source: &'a Source<'a>, sums: &'a mut Vec<(f64, f64)>) -> Self {
        sums.clear();
        sums.resize(source.groups(), (0.0, 0.0));
        let view = &source.view;
        let run = match source.granularity {
            Granularity::Tensor => source.len(),
            Granularity::Row => view.channels * view.plane(),
            Granularity::Channel => view.plane(),
        };
        Self {
            source,
            sums,
            run: run.max(1),
            kept: 0.0,
            max_error: 0.0,
        }
    }

    /// What was seen.
    pub fn result(&self) -> Measured {
        let (mut error, mut energy, mut worst_group) = (0.0, 0.0, 0.0);
        for &(e, x) in self.sums.iter() {
            error += e;
            energy += x;
            let r = relative(e, x);
            if r > worst_group {
                worst_group = r;
            }
        }
        Measured {
            nrmse: relative(error, energy),
            worst_group,
            max_error: self.max_error,
            energy_ratio: if energy > 0.0 { self.kept / energy } else { 1.0 },
        }
    }
}

/// √(error / energy); a group without energy must be exact.
fn relative(error: f64, energy: f64) -> f64 {
    if error == 0.0 {
        0.0
    } else if energy == 0.0 {
        f64::INFINITY
    } else {
        sqrt(error / energy)
    }
}

impl Sink for Measure<'_> {
    fn begin(&mut self, _: DType, _: &View) -> Result<()> {
        Ok(())
    }

    fn values(&mut self, at: usize, values: &[f32]) {
        let source = self.source;
        let dtype = source.tensor.dtype;
        let mut xs = [0.0f64; BLOCK];
        let xs = &mut xs[..values.len()];
        elements::load_f64(dtype, &source.view, source.tensor.bytes, at, xs);
        let mut start = 0;
        while start < values.len() {
            // The part of the block that lies in one group.
            let scan = at + start;
            let end = values.len().min((scan / self.run + 1) * self.run - at);
            let (mut error, mut energy) = ([0.0f64; 8], [0.0f64; 8]);
            for i in start..end {
                let mut y = f64::from(values[i]);
                if dtype != DType::F32 {
                    let mut cell = [0; 4];
                    dtype.store(&mut cell, 0, values[i]);
                    y = dtype.load_f64(&cell, 0);
                }
                let e = xs[i] - y;
                error[i & 7] += e * e;
                energy[i & 7] += xs[i] * xs[i];
                self.kept += y * y;
                if e.abs() > self.max_error {
                    self.max_error = e.abs();
                }
            }
            let groups = self.sums.len();
            let sum = &mut self.sums[scan / self.run % groups];
            for (e, x) in error.into_iter().zip(energy) {
                sum.0 += e;
                sum.1 += x;
            }
            start = end;
        }
    }

    // Only frames of the real domain lose anything.
    fn levels(&mut self, _: usize, _: &[i32]) -> core::result::Result<(), i32> {
        Ok(())
    }

    fn raw(&mut self, _: &[u8]) {}
}
