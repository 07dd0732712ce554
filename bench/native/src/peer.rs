//! The peer: rounding to the nearest integer, bytes where they fit, zstd level 1 with a reused context.

use crate::clock::time;
use std::io;

const LEVEL: i32 = 1;

/// Version of libzstd.
pub fn version() -> &'static str {
    zstd::zstd_safe::version_string()
}

/// True where the loops below run with AVX2.
pub fn has_avx2() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Quantise + zstd, with reused contexts and buffers.
pub struct QuantiseZstd {
    step: f32,
    compressor: zstd::bulk::Compressor<'static>,
    decompressor: zstd::bulk::Decompressor<'static>,
    levels: Vec<i8>,
    frame: Vec<u8>,
    unpacked: Vec<u8>,
    decoded: Vec<f32>,
}

impl QuantiseZstd {
    pub fn new(step: f32) -> io::Result<Self> {
        Ok(Self {
            step,
            compressor: zstd::bulk::Compressor::new(LEVEL)?,
            decompressor: zstd::bulk::Decompressor::new()?,
            levels: Vec::new(),
            frame: Vec::new(),
            unpacked: Vec::new(),
            decoded: Vec::new(),
        })
    }

    /// Bytes, and nanoseconds of both directions. Levels beyond a byte are clipped, which only helps this peer.
    pub fn round(&mut self, values: &[f32]) -> io::Result<(usize, u64, u64)> {
        self.levels.resize(values.len(), 0);
        self.frame.resize(zstd::zstd_safe::compress_bound(values.len()), 0);
        self.unpacked.resize(values.len(), 0);
        self.decoded.resize(values.len(), 0.0);
        let inverse = 1.0 / self.step;
        let (length, encode) = time(|| {
            quantise(values, inverse, &mut self.levels);
            // SAFETY: i8 and u8 have the same size and alignment, and every bit pattern is valid in both.
            let bytes = unsafe { std::slice::from_raw_parts(self.levels.as_ptr().cast::<u8>(), self.levels.len()) };
            self.compressor.compress_to_buffer(bytes, &mut self.frame[..])
        });
        let length = length?;
        let (result, decode) = time(|| {
            let n = self
                .decompressor
                .decompress_to_buffer(&self.frame[..length], &mut self.unpacked[..])?;
            dequantise(&self.unpacked[..n], self.step, &mut self.decoded);
            Ok::<_, io::Error>(())
        });
        result?;
        Ok((length, encode, decode))
    }
}

/// Rounds to the nearest level; with AVX2 where there is one, so that the peer is at its best.
fn quantise(values: &[f32], inverse: f32, out: &mut [i8]) {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: the processor has AVX2, which is all the function asks for.
        return unsafe { quantise_avx2(values, inverse, out) };
    }
    quantise_loop(values, inverse, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn quantise_avx2(values: &[f32], inverse: f32, out: &mut [i8]) {
    quantise_loop(values, inverse, out);
}

/// Adding 1.5 · 2^23 leaves the nearest integer in the low bits of the mantissa.
#[inline(always)]
fn quantise_loop(values: &[f32], inverse: f32, out: &mut [i8]) {
    const MAGIC: f32 = 12_582_912.0;
    for (o, &x) in out.iter_mut().zip(values) {
        let t = x * inverse;
        let t = if t < -127.0 { -127.0 } else { t };
        let t = if t > 127.0 { 127.0 } else { t };
        *o = (t + MAGIC).to_bits() as i8;
    }
}

fn dequantise(levels: &[u8], step: f32, out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: the processor has AVX2, which is all the function asks for.
        return unsafe { dequantise_avx2(levels, step, out) };
    }
    dequantise_loop(levels, step, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dequantise_avx2(levels: &[u8], step: f32, out: &mut [f32]) {
    dequantise_loop(levels, step, out);
}

#[inline(always)]
fn dequantise_loop(levels: &[u8], step: f32, out: &mut [f32]) {
    for (o, &k) in out.iter_mut().zip(levels) {
        *o = f32::from(k as i8) * step;
    }
}
