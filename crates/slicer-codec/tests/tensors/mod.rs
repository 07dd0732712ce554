//! Random tensors for the laws.

mod elements;

use elements::push;
use proptest::prelude::*;
use slicer_codec::DType;

/// Little-endian bytes of a tensor of `dtype` whose values follow one of several shapes of distribution.
pub fn tensor(dtype: DType, n: usize, seed: u64, kind: u8) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut bytes = Vec::with_capacity(n * dtype.size());
    for i in 0..n {
        let (a, b) = (next(), next());
        let gauss = (-2.0 * a.max(1e-300).ln()).sqrt() * (core::f64::consts::TAU * b).cos();
        let v = match kind % 8 {
            0 => gauss,
            1 => gauss.max(0.0) * 3.0,
            2 => gauss * if i % 97 == 0 { 500.0 } else { 1.0 },
            3 => 0.0,
            4 => gauss * (1.0 + (i % 7) as f64 * 4.0),
            5 => gauss * 1e-4,
            6 => (gauss * 1e38).clamp(-3.4e38, 3.4e38),
            _ => gauss * 1e-40,
        } as f32;
        push(dtype, v, &mut bytes);
    }
    bytes
}

/// Every element type.
pub fn dtypes() -> impl Strategy<Value = DType> {
    (0u8..7).prop_map(|c| DType::from_code(c).unwrap())
}

/// Dims of rank 0 to 8, some with no elements.
pub fn shapes() -> impl Strategy<Value = Vec<u32>> {
    prop_oneof![
        prop::collection::vec(0u32..12, 0..4),
        prop::collection::vec(1u32..9, 4..6),
        (1u32..40, 1u32..30, 1u32..30).prop_map(|(c, h, w)| vec![1, c, h, w]),
        (1u32..9, 1u32..600).prop_map(|(r, c)| vec![r, c]),
        prop::collection::vec(1u32..4, 8..9),
    ]
}

/// The values of little-endian elements; exact, since every type's values are among those of f64.
pub fn values(dtype: DType, bytes: &[u8]) -> Vec<f64> {
    let of = |e: &[u8]| match dtype {
        DType::F32 => f64::from(f32::from_le_bytes([e[0], e[1], e[2], e[3]])),
        DType::F16 => from_half(u16::from_le_bytes([e[0], e[1]])),
        DType::Bf16 => f64::from(f32::from_bits(u32::from(u16::from_le_bytes([e[0], e[1]])) << 16)),
        DType::I8 => f64::from(e[0] as i8),
        DType::U8 => f64::from(e[0]),
        DType::I16 => f64::from(i16::from_le_bytes([e[0], e[1]])),
        DType::I32 => f64::from(i32::from_le_bytes([e[0], e[1], e[2], e[3]])),
    };
    bytes.chunks_exact(dtype.size()).map(of).collect()
}

/// The value of a binary16.
fn from_half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}
