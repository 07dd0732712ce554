//! Products of a matrix with lines of values: the channel transform and both passes of a DCT (spec § 15, § 16).
//!
//! Every product and every sum is rounded, and a sum collects its products in ascending order from zero: blocks of outputs stay
//! in registers, which changes none of that. The last block of either axis is laid over the one before it and computes some
//! outputs twice, to the same bits.

use crate::dispatch::twins;

/// Outputs side by side in a block.
const ROWS: usize = 4;
/// Positions of a block: with `ROWS` outputs, all sums fit the registers of AVX2 and of a WASM engine.
const WIDE: usize = if cfg!(target_arch = "wasm32") { 8 } else { 16 };
/// Positions of a block of few.
const FEW: usize = 4;

/// `out[o · out_stride + p] = Σ matrix(o, i) · values[i · stride + p]` over i in ascending order.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Number of o.
    pub outputs: usize,
    /// Number of i.
    pub inputs: usize,
    /// Number of p.
    pub width: usize,
    /// Distance of the matrix' rows, or of its columns.
    pub matrix_stride: usize,
    /// Distance of input lines.
    pub stride: usize,
    /// Distance of output lines.
    pub out_stride: usize,
}

/// How a matrix lies in memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// matrix(o, i) at o · `matrix_stride` + i.
    Rows,
    /// matrix(o, i) at i · `matrix_stride` + o.
    Columns,
}

/// R × W outputs; `entries(i)` are column i of their rows of the matrix.
#[inline(always)]
fn block<const R: usize, const W: usize>(
    entries: impl Fn(usize) -> [f32; R],
    values: &[f32],
    shape: Shape,
    out: &mut [f32],
) {
    let mut sums = [[0.0f32; W]; R];
    for i in 0..shape.inputs {
        let Some(line) = values.get(i * shape.stride..).and_then(|line| line.first_chunk::<W>()) else {
            return;
        };
        for (sums, m) in sums.iter_mut().zip(entries(i)) {
            for (s, &x) in sums.iter_mut().zip(line) {
                *s += m * x;
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        if let Some(out) = out
            .get_mut(r * shape.out_stride..)
            .and_then(|out| out.first_chunk_mut())
        {
            *out = *sums;
        }
    }
}

/// All outputs of W positions, at least four.
#[inline(always)]
fn columns<const W: usize>(
    values: &[f32],
    shape: Shape,
    out: &mut [f32],
    entries: impl Fn(usize, usize) -> [f32; ROWS],
) {
    let mut o = 0;
    while o < shape.outputs {
        o = o.min(shape.outputs - ROWS);
        block::<ROWS, W>(|i| entries(o, i), values, shape, &mut out[o * shape.out_stride..]);
        o += ROWS;
    }
}

twins! {
    /// Writes every output of a product that has inputs.
    pub fn product(matrix: &[f32], order: Order, values: &[f32], shape: Shape, out: &mut [f32]) {
        let Shape { outputs, inputs, width, matrix_stride: step, out_stride, .. } = shape;
        let (down, along) = match order {
            Order::Rows => (step, 1),
            Order::Columns => (1, step),
        };
        let any = |o: usize, i: usize| core::array::from_fn(|r| matrix.get((o + r) * down + i * along).copied().unwrap_or_default());
        let mut p = 0;
        while p < width && outputs > 0 && inputs > 0 {
            let (wide, few) = (width >= WIDE && width - p > WIDE / 2, width >= FEW && outputs >= ROWS);
            let done = if wide { WIDE } else if few { FEW } else { 1 };
            p = p.min(width - done);
            let (values, out) = (&values[p..], &mut out[p..]);
            p += done;
            if outputs < ROWS || done == 1 {
                for o in 0..outputs {
                    let (one, out) = (|i| [matrix[o * down + i * along]], &mut out[o * out_stride..]);
                    if wide {
                        block::<1, WIDE>(one, values, shape, out);
                    } else {
                        block::<1, 1>(one, values, shape, out);
                    }
                }
            } else if wide && along == 1 {
                columns::<WIDE>(values, shape, out, |o, i| {
                    core::array::from_fn(|r| matrix[(o + r) * step..][..inputs][i])
                });
            } else if wide {
                columns::<WIDE>(values, shape, out, |o, i| {
                    matrix.get(i * step + o..).and_then(|m| m.first_chunk()).copied().unwrap_or_default()
                });
            } else {
                columns::<FEW>(values, shape, out, any);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn drawn(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 65536.0 - 128.0
        };
        (0..count).map(next).collect()
    }

    #[test]
    fn sums_are_those_of_one_value_at_a_time() {
        for outputs in [0, 1, 3, 4, 5, 9] {
            for inputs in [1, 2, 7] {
                for width in 0..=257 {
                    for order in [Order::Rows, Order::Columns] {
                        let (gap, out_gap, matrix_gap) = (width + 3, width + 1, outputs.max(inputs) + 2);
                        let shape = Shape {
                            outputs,
                            inputs,
                            width,
                            matrix_stride: matrix_gap,
                            stride: gap,
                            out_stride: out_gap,
                        };
                        let matrix = drawn(matrix_gap * matrix_gap, 1 + width as u32);
                        let values = drawn(inputs * gap, 2 + outputs as u32);
                        let mut out = alloc::vec![7.0f32; outputs * out_gap];
                        product(&matrix, order, &values, shape, &mut out);
                        for o in 0..outputs {
                            for p in 0..out_gap {
                                let at = |i: usize| match order {
                                    Order::Rows => o * matrix_gap + i,
                                    Order::Columns => i * matrix_gap + o,
                                };
                                let sum = (0..inputs).fold(0.0, |sum, i| sum + matrix[at(i)] * values[i * gap + p]);
                                let wanted: f32 = if p < width { sum } else { 7.0 };
                                assert_eq!(
                                    out[o * out_gap + p].to_bits(),
                                    wanted.to_bits(),
                                    "{outputs} {inputs} {width} {o} {p}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}
