//! Values as elements of every type.

use slicer_codec::DType;

/// Appends a value as a little-endian element; integers get a part of the range that values about 1 fill well.
pub fn push(dtype: DType, v: f32, bytes: &mut Vec<u8>) {
    match dtype {
        DType::F32 => bytes.extend(v.to_le_bytes()),
        DType::F16 => bytes.extend(half(v).to_le_bytes()),
        DType::Bf16 => bytes.extend(((v.to_bits() >> 16) as u16).to_le_bytes()),
        DType::I8 => bytes.push((v * 20.0) as i8 as u8),
        DType::U8 => bytes.push((v * 20.0 + 100.0) as u8),
        DType::I16 => bytes.extend(((v * 500.0) as i16).to_le_bytes()),
        DType::I32 => bytes.extend(((v * 1e6) as i32).to_le_bytes()),
    }
}

/// Truncating f32 → f16 for test data in the normal range.
fn half(v: f32) -> u16 {
    let b = v.to_bits();
    let e = (b >> 23 & 255) as i32 - 112;
    if e <= 0 {
        (b >> 16 & 0x8000) as u16
    } else {
        ((b >> 16 & 0x8000) | (e.min(30) as u32) << 10 | (b >> 13 & 0x3ff)) as u16
    }
}
