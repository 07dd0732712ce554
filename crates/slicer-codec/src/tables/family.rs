//! The built-in family: Student-t shapes by an integer recipe, indexed by tail shape and scale (spec § Built-in family).
//!
//! Nothing here was fitted to a benchmark model; the recipe is the normative text's, number for number.

use crate::bins::Bins;
use crate::error::ErrorCode;

/// Number of tail shapes; shape k has exponent 2^(k+1).
pub(crate) const SHAPES: u8 = 4;
/// Number of scales; scale s is 2^(s/4 − 3) steps.
pub(crate) const SCALES: u32 = 48;
/// Sample points per bin.
const SAMPLES: i64 = 8;
/// Farthest sample point, in 1/16 of a level.
const FARTHEST: i64 = 1 << 19;
/// 65,536 σ² of the even and the odd scales: 1024 and 1024 √2, rounded; every second scale doubles them.
const VARIANCE: [u64; 2] = [1024, 1448];

/// Lower edge of a level's cell in 1/16 step, by union quantiser: around 0 the cells of union 1 are narrower.
fn edge(level: i64, union: usize) -> i64 {
    match (union, level) {
        (0, k) => 16 * k - 8,
        (_, 0) => -4,
        (_, 1) => 4,
        (_, k) => 16 * (k - i64::from(k > 0)),
    }
}

/// Fills one weight per bin, at least 1 each.
pub(super) fn weights(bins: &Bins, shape: u8, scale: u32, union: usize, out: &mut [u64]) -> Result<(), ErrorCode> {
    if shape >= SHAPES || scale >= SCALES {
        return Err(ErrorCode::BadTable);
    }
    // v = (2m − 1) σ² with m = 2^(shape+1), in 1/65,536 level²; below 2^40 so that v << 24 fits in u64.
    let v = ((4u64 << shape) - 1) * (VARIANCE[(scale & 1) as usize] << (scale >> 1));
    let (list, zero) = (bins.list(), bins.zero());
    for (i, bin) in list.iter().enumerate() {
        // The sample points of bins on both sides of 0 mirror each other.
        let mirror = (2 * zero).checked_sub(i).filter(|&m| m < i && union == 0);
        if let Some(m) = mirror
            && i64::from(list[m].lower) == -bin.upper()
            && list[m].upper() == -i64::from(bin.lower)
        {
            out[i] = out[m];
            continue;
        }
        let low = edge(i64::from(bin.lower), union);
        let span = edge(bin.upper() + 1, union) - low;
        let mut sum = 0u64;
        for j in 0..SAMPLES {
            // Distance of the sample point in 1/16 level; a bin is cut into eight equal parts, sampled at their centres.
            let x = (low + (((2 * j + 1) * span) >> 4)).abs().min(FARTHEST) as u64;
            let mut r = (v << 24) / (v + x * x * 256);
            for _ in 0..=shape {
                r = (r * r) >> 24;
            }
            sum += r;
        }
        out[i] = ((sum * span as u64) >> 4).max(1);
    }
    Ok(())
}
