//! Error of a finished frame, measured on the decoded tensor in f64.

use super::source::Source;
use crate::elements::{self, BLOCK};
use crate::math::sqrt;
use alloc::vec;

/// Error of a decoded tensor against its source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub nrmse: f64,
    pub worst_group: f64,
    pub max_error: f64,
    pub energy_ratio: f64,
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

/// Compares `decoded` with the source, element by element after rounding to the element type.
pub(super) fn measure(source: &Source<'_>, decoded: &[u8]) -> Measured {
    let groups = source.groups();
    let mut sums = vec![(0.0f64, 0.0f64); groups];
    let (mut kept, mut max_error) = (0.0f64, 0.0f64);
    let (dtype, bytes) = (source.tensor.dtype, source.tensor.bytes);
    let view = source.view;
    let run = match source.granularity {
        super::source::Granularity::Tensor => source.len(),
        super::source::Granularity::Row => view.channels * view.plane(),
        super::source::Granularity::Channel => view.plane(),
    };
    let (mut xs, mut ys) = ([0.0f64; BLOCK], [0.0f64; BLOCK]);
    let mut at = 0;
    while at < source.len() {
        let end = source.len().min((at / run + 1) * run).min(at + BLOCK);
        let (xs, ys) = (&mut xs[..end - at], &mut ys[..end - at]);
        elements::load_f64(dtype, &view, bytes, at, xs);
        elements::load_f64(dtype, &view, decoded, at, ys);
        let (mut error, mut energy) = ([0.0f64; 8], [0.0f64; 8]);
        for (i, (&x, &y)) in xs.iter().zip(ys.iter()).enumerate() {
            let e = x - y;
            error[i & 7] += e * e;
            energy[i & 7] += x * x;
            kept += y * y;
            if e.abs() > max_error {
                max_error = e.abs();
            }
        }
        let group = &mut sums[at / run % groups];
        group.0 += error.iter().sum::<f64>();
        group.1 += energy.iter().sum::<f64>();
        at = end;
    }
    let (error, energy) = sums.iter().fold((0.0, 0.0), |(e, x), s| (e + s.0, x + s.1));
    let worst_group = sums
        .iter()
        .map(|&(e, x)| relative(e, x))
        .fold(0.0, |a: f64, b| if b > a { b } else { a });
    Measured {
        nrmse: relative(error, energy),
        worst_group,
        max_error,
        energy_ratio: if energy > 0.0 { kept / energy } else { 1.0 },
    }
}
