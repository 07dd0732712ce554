//! The tensor to encode, read in scan order and in blocks.

use crate::crew::{self, Crew};
use crate::dtype::DType;
use crate::elements::{self, BLOCK};
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::{Dims, Layout, View};
use alloc::vec::Vec;
use core::ops::Range;

/// Values that are worth handing to another thread.
const PART: usize = 1 << 16;
/// Shorter runs are too many to keep what is found of each.
const SHORT: usize = 256;

/// A tensor to encode: little-endian elements in row-major order.
#[derive(Clone, Copy)]
pub struct TensorRef<'a> {
    /// Element type.
    pub dtype: DType,
    /// Dims.
    pub dims: Dims,
    /// Elements.
    pub bytes: &'a [u8],
}

impl<'a> TensorRef<'a> {
    /// Checks that the bytes match type and dims.
    pub fn new(dtype: DType, dims: &[u32], bytes: &'a [u8]) -> Result<Self> {
        let dims = Dims::new(dims)?;
        if bytes.len() as u64 != dims.elements() as u64 * dtype.size() as u64 {
            return Err(Error::argument(
                ErrorCode::InvalidTensor,
                Field::Data,
                bytes.len() as u64,
            ));
        }
        Ok(Self { dtype, dims, bytes })
    }
}

/// The part of a tensor that shares one scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Granularity {
    /// One scale for everything.
    #[default]
    Tensor,
    /// One per row of the coding view.
    Row,
    /// One per channel.
    Channel,
}

/// A tensor under a layout.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub tensor: TensorRef<'a>,
    pub layout: Layout,
    pub view: View,
    pub granularity: Granularity,
}

impl<'a> Source<'a> {
    pub fn new(tensor: TensorRef<'a>, layout: Option<Layout>, granularity: Granularity) -> Result<Self> {
        let layout = layout.unwrap_or(Layout::default_for(tensor.dims.as_slice().len()));
        let view = View::new(&tensor.dims, &layout)?;
        Ok(Self {
            tensor,
            layout,
            view,
            granularity,
        })
    }

    pub fn len(&self) -> usize {
        self.view.elements()
    }

    pub fn groups(&self) -> usize {
        match self.granularity {
            Granularity::Tensor => 1,
            Granularity::Row => self.view.rows,
            Granularity::Channel => self.view.channels,
        }
    }

    /// Calls `f(first, values, group)` for consecutive runs of at most [`BLOCK`] values that share a group and a segment
    /// boundary multiple `cut` (0 = none).
    pub fn for_runs(&self, cut: usize, f: &mut dyn FnMut(usize, &[f32], usize)) {
        self.load_runs(0..self.len(), cut, f);
    }

    fn load_runs(&self, range: Range<usize>, cut: usize, f: &mut dyn FnMut(usize, &[f32], usize)) {
        let mut block = [0.0f32; BLOCK];
        self.runs(range, cut, &mut |at, length, group| {
            let values = &mut block[..length];
            elements::load(self.tensor.dtype, &self.view, self.tensor.bytes, at, values);
            f(at, values, group);
        });
    }

    /// The same for a range that nothing cuts, with little-endian cells, which are those of the tensor where it has them.
    pub fn for_cells(&self, range: Range<usize>, f: &mut dyn FnMut(&[[u8; 4]], usize)) {
        if self.tensor.dtype == DType::F32 && self.view.is_contiguous() {
            let cells = self.tensor.bytes.as_chunks().0;
            return self.runs(range, 0, &mut |at, length, group| f(&cells[at..at + length], group));
        }
        let mut block = [[0; 4]; BLOCK];
        self.load_runs(range, 0, &mut |_, values, group| {
            for (cell, v) in block.iter_mut().zip(values) {
                *cell = v.to_le_bytes();
            }
            f(&block[..values.len()], group);
        });
    }

    /// Consecutive values of a group.
    fn run(&self) -> usize {
        match self.granularity {
            Granularity::Tensor => self.len(),
            Granularity::Row => self.view.channels * self.view.plane(),
            Granularity::Channel => self.view.plane(),
        }
    }

    /// Parts of the tensor that are made of the same runs as the whole.
    fn parts(&self) -> impl ExactSizeIterator<Item = Range<usize>> {
        let (len, run) = (self.len(), self.run().max(1));
        let begin = move |part: usize| match part * PART {
            at if at >= len => len,
            at => at - at % run % BLOCK,
        };
        (0..len.div_ceil(PART)).map(move |part| begin(part)..begin(part + 1))
    }

    /// Calls `f(first, length, group)` for these runs.
    fn runs(&self, range: Range<usize>, cut: usize, f: &mut dyn FnMut(usize, usize, usize)) {
        let run = self.run();
        let mut at = range.start;
        while at < range.end {
            let mut end = (at + BLOCK).min((at / run + 1) * run).min(range.end);
            if let Some(segment) = at.checked_div(cut) {
                end = end.min((segment + 1) * cut);
            }
            let group = match self.granularity {
                Granularity::Tensor => 0,
                Granularity::Row => at / run,
                Granularity::Channel => at / run % self.view.channels,
            };
            f(at, end - at, group);
            at = end;
        }
    }
}

/// Energy and range of every scale group.
#[derive(Default)]
pub(super) struct Statistics {
    /// Σx² per group, f64.
    pub energy: Vec<f64>,
    /// Values per group.
    pub count: usize,
    /// Largest |x| of the tensor.
    pub peak: f32,
}

impl Statistics {
    /// Reads a tensor once; NaN and infinities are errors with the element's memory index.
    pub fn read(&mut self, source: &Source<'_>) -> Result<()> {
        let energy = &mut self.energy;
        energy.clear();
        energy.resize(source.groups(), 0.0);
        let mut peak_bits = 0u32;
        let mut add = |(sum, peak): (f64, u32), group: usize| {
            energy[group] += sum;
            peak_bits = peak_bits.max(peak);
        };
        if crew::pays(source.len()) && source.run() >= SHORT {
            // A group's sum is rounded run by run: those of all runs are added in their order, whoever found them.
            let found = |(): &mut (), part| {
                let mut found = Vec::new();
                source.for_cells(part, &mut |cells, group| {
                    found.push((slicer_kernels::statistics(cells), group))
                });
                Ok(found)
            };
            Crew::default().each(source.parts(), found, |found| {
                found.into_iter().for_each(|(found, group)| add(found, group));
            })?;
        } else {
            source.for_cells(0..source.len(), &mut |cells, group| {
                add(slicer_kernels::statistics(cells), group);
            });
        }
        let peak = f32::from_bits(peak_bits);
        if !peak.is_finite() {
            let mut index = 0;
            source.view.for_each(0, source.len(), &mut |_, memory| {
                if index == 0 && !source.tensor.dtype.load(source.tensor.bytes, memory).is_finite() {
                    index = memory + 1;
                }
            });
            return Err(Error::argument(ErrorCode::NonFinite, Field::Data, index as u64 - 1));
        }
        self.count = source.len() / source.groups().max(1);
        self.peak = peak;
        Ok(())
    }

    /// Energy of the group that has most.
    pub fn busiest(&self) -> f64 {
        self.energy.iter().fold(0.0, |a: f64, &b| if b > a { b } else { a })
    }

    pub fn total_energy(&self) -> f64 {
        self.energy.iter().sum()
    }
}

/// Σx² in f64 with eight accumulators, added pairwise: the same order on every machine.
pub(super) use slicer_kernels::sum_squares;
