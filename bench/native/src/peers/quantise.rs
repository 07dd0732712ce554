//! Rounding to the nearest level and back, with AVX2 where there is one, so that the peers are at their best.

/// True where the loops below run with AVX2.
pub fn has_avx2() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// An integer type of levels.
pub trait Level: Copy + Default {
    /// The largest magnitude; what lies beyond is clipped, which only helps the peer.
    const MOST: f32;
    /// The low bits of a mantissa.
    fn of(bits: u32) -> Self;
    fn value(self) -> f32;
}

impl Level for i8 {
    const MOST: f32 = 127.0;
    #[inline(always)]
    fn of(bits: u32) -> Self {
        bits as i8
    }
    #[inline(always)]
    fn value(self) -> f32 {
        f32::from(self)
    }
}

impl Level for i16 {
    const MOST: f32 = 32767.0;
    #[inline(always)]
    fn of(bits: u32) -> Self {
        bits as i16
    }
    #[inline(always)]
    fn value(self) -> f32 {
        f32::from(self)
    }
}

/// Levels of values, for one over a step.
pub fn quantise<L: Level>(values: &[f32], inverse: f32, out: &mut [L]) {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: the processor has AVX2, which is all the function asks for.
        return unsafe { quantise_avx2(values, inverse, out) };
    }
    quantise_loop(values, inverse, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn quantise_avx2<L: Level>(values: &[f32], inverse: f32, out: &mut [L]) {
    quantise_loop(values, inverse, out);
}

/// Adding 1.5 · 2^23 leaves the nearest integer in the low bits of the mantissa.
#[inline(always)]
fn quantise_loop<L: Level>(values: &[f32], inverse: f32, out: &mut [L]) {
    const MAGIC: f32 = 12_582_912.0;
    for (o, &x) in out.iter_mut().zip(values) {
        let t = x * inverse;
        let t = if t < -L::MOST { -L::MOST } else { t };
        let t = if t > L::MOST { L::MOST } else { t };
        *o = L::of((t + MAGIC).to_bits());
    }
}

/// Values of levels.
pub fn dequantise<L: Level>(levels: &[L], step: f32, out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: the processor has AVX2, which is all the function asks for.
        return unsafe { dequantise_avx2(levels, step, out) };
    }
    dequantise_loop(levels, step, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dequantise_avx2<L: Level>(levels: &[L], step: f32, out: &mut [f32]) {
    dequantise_loop(levels, step, out);
}

#[inline(always)]
fn dequantise_loop<L: Level>(levels: &[L], step: f32, out: &mut [f32]) {
    for (o, &k) in out.iter_mut().zip(levels) {
        *o = k.value() * step;
    }
}

/// The largest magnitude.
pub fn peak(values: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: the processor has AVX2, which is all the function asks for.
        return unsafe { peak_avx2(values) };
    }
    peak_loop(values)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn peak_avx2(values: &[f32]) -> f32 {
    peak_loop(values)
}

/// Sixteen maxima side by side, which a compiler can turn into vectors.
#[inline(always)]
fn peak_loop(values: &[f32]) -> f32 {
    let mut lanes = [0f32; 16];
    let (blocks, rest) = values.as_chunks::<16>();
    for block in blocks {
        for (most, v) in lanes.iter_mut().zip(block) {
            let v = v.abs();
            *most = if v > *most { v } else { *most };
        }
    }
    lanes.iter().chain(rest).fold(0f32, |most, v| most.max(v.abs()))
}

/// Levels as the bytes that byte coders take.
pub fn as_bytes(levels: &[i8]) -> &[u8] {
    // SAFETY: i8 and u8 have the same size and alignment, and every bit pattern is valid in both.
    unsafe { std::slice::from_raw_parts(levels.as_ptr().cast(), levels.len()) }
}

/// Bytes as levels.
pub fn as_levels(bytes: &[u8]) -> &[i8] {
    // SAFETY: i8 and u8 have the same size and alignment, and every bit pattern is valid in both.
    unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len()) }
}
