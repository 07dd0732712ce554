//! The few functions beyond + − × ÷ that the core needs, written so that every machine returns the same bits.
//!
//! `core` has no square root and the logarithms of different C libraries differ in the last bit; an encoder that decided by
//! them would write different bytes on different hosts.

/// Correctly rounded square root of a finite, non-negative number; other inputs give 0.
pub(crate) fn sqrt(x: f64) -> f64 {
    if !(x > 0.0 && x < f64::INFINITY) {
        return 0.0;
    }
    // Scale to an integer of 106 bits or more with an even exponent, take the integer root, round by the remainder.
    let (mut mantissa, mut exponent) = (x.to_bits() & ((1 << 52) - 1), (x.to_bits() >> 52) as i32);
    if exponent == 0 {
        exponent = 1;
    } else {
        mantissa |= 1 << 52;
    }
    let lead = mantissa.leading_zeros() as i32 - 11;
    let (mut wide, mut e) = (u128::from(mantissa << lead), exponent - 1075 - lead);
    let shift = 54 + (e & 1);
    wide <<= shift;
    e -= shift;
    let (mut root, mut bit) = (0u128, 1u128 << 54);
    while bit > 0 {
        let candidate = root | bit;
        if candidate * candidate <= wide {
            root = candidate;
        }
        bit >>= 1;
    }
    // The root has 54 or 55 bits; a sticky bit makes the conversion's round-to-nearest exact.
    let sticky = u64::from(root * root != wide);
    let value = ((root as u64) << 1 | sticky) as f64;
    let half = e / 2 - 1;
    value * f64::from_bits(((1023 + half) as u64) << 52)
}

/// log2 of a positive finite number to about 1e-8, by an odd series in (m − 1)/(m + 1).
#[cfg(feature = "encode")]
pub(crate) fn log2(x: f64) -> f64 {
    const LOG2_E: f64 = core::f64::consts::LOG2_E;
    let bits = x.to_bits();
    let mut exponent = (bits >> 52) as i32 - 1023;
    let mut m = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if m > core::f64::consts::SQRT_2 {
        m *= 0.5;
        exponent += 1;
    }
    let z = (m - 1.0) / (m + 1.0);
    let z2 = z * z;
    let sum = (((z2 * (1.0 / 9.0) + 1.0 / 7.0) * z2 + 1.0 / 5.0) * z2 + 1.0 / 3.0) * z2 + 1.0;
    f64::from(exponent) + 2.0 * LOG2_E * z * sum
}

/// 2^x to about 1e-8 for |x| < 1000, by a Taylor series around the nearest integer.
#[cfg(feature = "encode")]
pub(crate) fn exp2(x: f64) -> f64 {
    let whole = (x.clamp(-1000.0, 1000.0) + 1024.5) as i32 - 1024;
    let t = (x.clamp(-1000.0, 1000.0) - f64::from(whole)) * core::f64::consts::LN_2;
    let mut sum = 1.0;
    for i in (1..=9).rev() {
        sum = 1.0 + sum * t / f64::from(i);
    }
    sum * f64::from_bits(((1023 + whole) as u64) << 52)
}

/// 2^(i/8) for i = 0…7, rounded to f32 (spec § Scales).
const EIGHTHS: [u32; 8] = [
    0x3f80_0000,
    0x3f8b_95c2,
    0x3f98_37f0,
    0x3fa5_fed7,
    0x3fb5_04f3,
    0x3fc5_672a,
    0x3fd7_44fd,
    0x3fea_c0c7,
];

/// 2^(code/8) as f32, code −127…127.
pub(crate) fn exp2_eighths(code: i8) -> f32 {
    let mantissa = f32::from_bits(EIGHTHS[(code & 7) as usize]);
    mantissa * f32::from_bits(((127 + i32::from(code >> 3)) as u32) << 23)
}

#[cfg(all(test, feature = "encode"))]
mod tests {
    use super::*;

    #[test]
    fn sqrt_is_correctly_rounded() {
        let mut seed = 7u64;
        for i in 0..200_000u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(i | 1);
            let x = f64::from_bits(seed >> 1);
            if x.is_finite() && x > 0.0 {
                assert_eq!(sqrt(x).to_bits(), x.sqrt().to_bits(), "{x:e}");
            }
        }
        for x in [0.0, 1.0, 2.0, 4.0, 5e-324, f64::MAX, f64::MIN_POSITIVE, 0.25, 1e-310] {
            assert_eq!(sqrt(x).to_bits(), x.sqrt().to_bits(), "{x:e}");
        }
    }

    #[test]
    fn log2_is_close() {
        for i in 1..100_000u32 {
            assert!((log2(f64::from(i)) - f64::from(i).log2()).abs() < 1e-8);
        }
    }

    #[test]
    fn eighths() {
        for code in -127..=127i8 {
            let exact = (f64::from(code) / 8.0).exp2();
            assert!((f64::from(exp2_eighths(code)) / exact - 1.0).abs() < 1e-7);
        }
    }
}
