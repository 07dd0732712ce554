//! Element types: sizes, conversion to the working type f32 and back (spec § Element types).

/// Type of a tensor's elements; the discriminant is the code in the bitstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DType {
    /// IEEE binary32.
    F32 = 0,
    /// IEEE binary16.
    F16 = 1,
    /// Upper half of a binary32.
    Bf16 = 2,
    /// Two's complement, 8 bits.
    I8 = 3,
    /// Unsigned, 8 bits.
    U8 = 4,
    /// Two's complement, 16 bits.
    I16 = 5,
    /// Two's complement, 32 bits.
    I32 = 6,
}

impl DType {
    /// The type with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::F32,
            1 => Self::F16,
            2 => Self::Bf16,
            3 => Self::I8,
            4 => Self::U8,
            5 => Self::I16,
            6 => Self::I32,
            _ => return None,
        })
    }

    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::I8 | Self::U8 => 1,
        }
    }

    /// True for f32, f16 and bf16.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16 | Self::Bf16)
    }

    /// Reads element `i` of little-endian `bytes` as f32 (i32 rounds to nearest even).
    #[inline]
    pub(crate) fn load(self, bytes: &[u8], i: usize) -> f32 {
        match self {
            Self::F32 => f32::from_bits(word32(bytes, i)),
            Self::F16 => f16_to_f32(word16(bytes, i)),
            Self::Bf16 => f32::from_bits(u32::from(word16(bytes, i)) << 16),
            Self::I8 => f32::from(bytes[i] as i8),
            Self::U8 => f32::from(bytes[i]),
            Self::I16 => f32::from(word16(bytes, i) as i16),
            Self::I32 => word32(bytes, i) as i32 as f32,
        }
    }

    /// Reads element `i` exactly.
    #[inline]
    pub(crate) fn load_f64(self, bytes: &[u8], i: usize) -> f64 {
        match self {
            Self::I32 => f64::from(word32(bytes, i) as i32),
            _ => f64::from(self.load(bytes, i)),
        }
    }

    /// Writes `v` as element `i`: round to nearest even, saturate to finite values.
    #[inline]
    pub(crate) fn store(self, bytes: &mut [u8], i: usize, v: f32) {
        match self {
            Self::F32 => put32(bytes, i, saturate_f32(v).to_bits()),
            Self::F16 => put16(bytes, i, f32_to_f16(v)),
            Self::Bf16 => put16(bytes, i, f32_to_bf16(v)),
            Self::I8 => bytes[i] = round_even(v) as i8 as u8,
            Self::U8 => bytes[i] = round_even(v) as u8,
            Self::I16 => put16(bytes, i, round_even(v) as i16 as u16),
            Self::I32 => put32(bytes, i, round_even(v) as i32 as u32),
        }
    }

    /// Reads element `i` as a level of the integer or float-bits domain (spec § Domains).
    #[inline]
    pub(crate) fn load_level(self, bytes: &[u8], i: usize) -> i32 {
        match self {
            Self::F32 => order32(word32(bytes, i) as i32),
            Self::F16 | Self::Bf16 => i32::from(order16(word16(bytes, i) as i16)),
            Self::I8 => i32::from(bytes[i] as i8),
            Self::U8 => i32::from(bytes[i]),
            Self::I16 => i32::from(word16(bytes, i) as i16),
            Self::I32 => word32(bytes, i) as i32,
        }
    }

    /// Writes a level of the integer or float-bits domain; `false` if the level is outside the type.
    #[inline]
    pub(crate) fn store_level(self, bytes: &mut [u8], i: usize, level: i32) -> bool {
        match self {
            Self::F32 => put32(bytes, i, order32(level) as u32),
            Self::I32 => put32(bytes, i, level as u32),
            Self::F16 | Self::Bf16 => match i16::try_from(level) {
                Ok(v) => put16(bytes, i, order16(v) as u16),
                Err(_) => return false,
            },
            Self::I16 => match i16::try_from(level) {
                Ok(v) => put16(bytes, i, v as u16),
                Err(_) => return false,
            },
            Self::I8 => match i8::try_from(level) {
                Ok(v) => bytes[i] = v as u8,
                Err(_) => return false,
            },
            Self::U8 => match u8::try_from(level) {
                Ok(v) => bytes[i] = v,
                Err(_) => return false,
            },
        }
        true
    }
}

/// Sign-magnitude bits to an order-preserving two's complement integer; its own inverse.
const fn order32(b: i32) -> i32 {
    b ^ (b >> 31 & 0x7fff_ffff)
}

const fn order16(b: i16) -> i16 {
    b ^ (b >> 15 & 0x7fff)
}

fn word32(bytes: &[u8], i: usize) -> u32 {
    let b = &bytes[4 * i..4 * i + 4];
    u32::from_le_bytes([b[0], b[1], b[2], b[3]])
}

fn word16(bytes: &[u8], i: usize) -> u16 {
    let b = &bytes[2 * i..2 * i + 2];
    u16::from_le_bytes([b[0], b[1]])
}

fn put32(bytes: &mut [u8], i: usize, v: u32) {
    bytes[4 * i..4 * i + 4].copy_from_slice(&v.to_le_bytes());
}

fn put16(bytes: &mut [u8], i: usize, v: u16) {
    bytes[2 * i..2 * i + 2].copy_from_slice(&v.to_le_bytes());
}

/// Rounds to the nearest integer, ties to even, by the two-addition method every IEEE machine agrees on.
#[inline]
pub(crate) fn round_even(v: f32) -> f32 {
    const TWO23: f32 = 8_388_608.0;
    let a = v.abs();
    if a < TWO23 {
        f32::copysign((a + TWO23) - TWO23, v)
    } else {
        v
    }
}

pub(crate) fn saturate_f32(v: f32) -> f32 {
    v.clamp(f32::MIN, f32::MAX)
}

/// IEEE binary16 to binary32, exact; NaN payloads shift up.
pub(crate) fn f16_to_f32(h: u16) -> f32 {
    let sign = u32::from(h & 0x8000) << 16;
    let magnitude = u32::from(h & 0x7fff);
    if magnitude >= 0x7c00 {
        return f32::from_bits(sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13);
    }
    if magnitude >= 0x0400 {
        return f32::from_bits(sign | ((magnitude << 13) + (112 << 23)));
    }
    // Subnormal: the integer times 2^-24, both exact in f32.
    let v = magnitude as f32 * f32::from_bits((127 - 24) << 23);
    f32::from_bits(sign | v.to_bits())
}

/// Rounds to nearest even, saturating to ±65504.
pub(crate) fn f32_to_f16(v: f32) -> u16 {
    let bits = v.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let a = bits & 0x7fff_ffff;
    if a >= 0x477f_f000 {
        return sign | 0x7bff;
    }
    if a < 0x3880_0000 {
        // Below 2^-14: multiples of 2^-24, rounded by the same two-addition method.
        let scaled = f32::from_bits(a) * f32::from_bits((127 + 24) << 23);
        return sign | round_even(scaled) as u16;
    }
    let rounded = a + 0xfff + (a >> 13 & 1);
    sign | ((rounded >> 13) - (112 << 10)) as u16
}

/// Rounds to nearest even, saturating to the largest finite value.
pub(crate) fn f32_to_bf16(v: f32) -> u16 {
    let bits = saturate_f32(v).to_bits();
    let rounded = bits + 0x7fff + (bits >> 16 & 1);
    if rounded & 0x7fff_ffff >= 0x7f80_0000 {
        (bits >> 16) as u16 & 0x8000 | 0x7f7f
    } else {
        (rounded >> 16) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f16_round_trips_every_finite_value() {
        for h in 0..=u16::MAX {
            if h & 0x7c00 != 0x7c00 {
                assert_eq!(f32_to_f16(f16_to_f32(h)), h);
            }
        }
    }

    #[test]
    fn f16_rounds_ties_to_even_and_saturates() {
        assert_eq!(f32_to_f16(1.0 + 1.0 / 2048.0), 0x3c00);
        assert_eq!(f32_to_f16(1.0 + 3.0 / 2048.0), 0x3c02);
        assert_eq!(f32_to_f16(65519.9), 0x7bff);
        assert_eq!(f32_to_f16(-1e30), 0xfbff);
        assert_eq!(f32_to_f16(2f32.powi(-25)), 0);
        assert_eq!(f32_to_f16(2f32.powi(-25) * 1.5), 1);
    }

    #[test]
    fn bf16_rounds_and_saturates() {
        for b in 0..=u16::MAX {
            let v = f32::from_bits(u32::from(b) << 16);
            if v.is_finite() {
                assert_eq!(f32_to_bf16(v), b);
            }
        }
        assert_eq!(f32_to_bf16(f32::MAX), 0x7f7f);
        assert_eq!(f32_to_bf16(f32::NEG_INFINITY), 0xff7f);
        assert_eq!(f32_to_bf16(1.0 + 1.0 / 256.0), 0x3f80);
    }

    #[test]
    fn order_preserves_comparison() {
        let mut values = [-1.0f32, 1.0, 0.0, -0.0, f32::MIN, f32::MAX, 1e-45, -1e-45];
        values.sort_by(f32::total_cmp);
        let levels = values.map(|v| order32(v.to_bits() as i32));
        assert!(levels.windows(2).all(|w| w[0] < w[1]));
        assert!(
            levels
                .iter()
                .zip(values)
                .all(|(&l, v)| order32(l) as u32 == v.to_bits())
        );
    }
}
