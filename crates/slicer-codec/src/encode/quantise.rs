//! Quantisation: values to integer levels (encoder side of spec § Reconstruction).

/// Largest level magnitude the lossy encoders produce; keeps every bin inside 32 bits.
pub(super) const MAX_LEVEL: i32 = 1 << 30;
/// Magnitudes the fast path handles.
const FAST: f32 = 4_194_303.0;

/// Writes the level of every value: sign · round(|x| · inverse + bias), never below 0 before the sign.
///
/// A bias of 0 is plain rounding to nearest even; a negative one widens the dead zone by that fraction of a step.
/// No branch inside the loops, so that the compiler vectorises them on every target.
pub(super) fn levels(values: &[f32], inverse: f32, bias: f32, out: &mut [i32]) {
    if slicer_kernels::quantise(values, inverse, bias, out) > FAST {
        for (o, &x) in out.iter_mut().zip(values) {
            *o = wide(x, inverse, bias);
        }
    }
}

/// The same rule in f64 for levels that do not fit a float's mantissa.
fn wide(x: f32, inverse: f32, bias: f32) -> i32 {
    const TWO52: f64 = 4_503_599_627_370_496.0;
    let a = (f64::from(x) * f64::from(inverse)).abs() + f64::from(bias);
    let k = if a < TWO52 { (a + TWO52) - TWO52 } else { a };
    let k = if k > f64::from(MAX_LEVEL) {
        MAX_LEVEL
    } else {
        (k as i32).max(0)
    };
    if x < 0.0 { -k } else { k }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn fast_path_rounds_like_the_wide_one() {
        let mut seed = 3u32;
        for n in 0..257 {
            let values: Vec<f32> = (0..n)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (seed as i32 >> 8) as f32 / 4096.0
                })
                .collect();
            for bias in [0.0, -0.125] {
                let mut fast = alloc::vec![0; n];
                levels(&values, 1.0, bias, &mut fast);
                let slow: Vec<i32> = values.iter().map(|&x| wide(x, 1.0, bias)).collect();
                assert_eq!(fast, slow);
            }
        }
        let mut out = [0; 4];
        levels(&[0.5, 1.5, -2.5, -0.0], 1.0, 0.0, &mut out);
        assert_eq!(out, [0, 2, -2, 0]);
        levels(&[3e38, -3e38, 1.0, 5e6], 1.0, 0.0, &mut out);
        assert_eq!(out, [MAX_LEVEL, -MAX_LEVEL, 1, 5_000_000]);
    }
}
