//! The inner loops of `slicer-codec`, shaped so that the compiler vectorises them on every target.
//!
//! A crate of their own because a profile sets the optimisation level by crate: the WASM builds are compiled for size, and
//! these loops for speed. Every function is a plain loop over slices with one result on every machine; what it is good for
//! is said where it is called.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod dct;
pub mod dense;
pub mod trellis;
pub mod viterbi;

/// Adding this rounds a magnitude below 2^22 to the nearest even integer, which is then in the low mantissa bits.
const MAGIC: f32 = 12_582_912.0;

/// Writes sign · round(|x| · inverse + bias), never below 0 before the sign; returns the largest |x| · inverse.
///
/// Only right where that is below 2^22.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
#[inline(never)]
pub fn quantise(values: &[f32], inverse: f32, bias: f32, out: &mut [i32]) -> f32 {
    let mut peak = 0u32;
    for (o, &x) in out.iter_mut().zip(values) {
        let t = x * inverse;
        let bits = t.to_bits();
        let magnitude = bits & 0x7fff_ffff;
        peak = peak.max(magnitude);
        let r = (f32::from_bits(magnitude) + bias) + MAGIC;
        let k = (r.to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32).max(0);
        let sign = bits as i32 >> 31;
        *o = (k ^ sign).wrapping_sub(sign);
    }
    f32::from_bits(peak)
}

/// Writes levels as bytes, clamped to ±`limit`; returns the lowest and the highest level, 0 included.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
#[inline(never)]
pub fn narrow(levels: &[i32], limit: i8, out: &mut [i8]) -> (i32, i32) {
    let (mut lowest, mut highest) = (0, 0);
    let limit = i32::from(limit);
    for (o, &k) in out.iter_mut().zip(levels) {
        lowest = lowest.min(k);
        highest = highest.max(k);
        *o = k.clamp(-limit, limit) as i8;
    }
    (lowest, highest)
}

/// A histogram in parts, so that equal neighbours do not wait for each other.
pub type Partial = [[u32; 256]; 4];

/// Counts bytes.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
#[inline(never)]
pub fn count(bytes: &[u8], partial: &mut Partial) {
    count_slots(bytes, usize::from, partial);
}

/// Counts levels, in slot level + 127.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
#[inline(never)]
pub fn count_levels(levels: &[i8], partial: &mut Partial) {
    count_slots(levels, |k| usize::from((k as u8).wrapping_add(127)), partial);
}

#[inline(always)]
fn count_slots<T: Copy>(items: &[T], slot: impl Fn(T) -> usize, [a, b, c, d]: &mut Partial) {
    let mut fours = items.chunks_exact(4);
    for t in &mut fours {
        a[slot(t[0])] += 1;
        b[slot(t[1])] += 1;
        c[slot(t[2])] += 1;
        d[slot(t[3])] += 1;
    }
    for &t in fours.remainder() {
        a[slot(t)] += 1;
    }
}

/// Writes levels plus `zero` as tokens; returns whether a level is outside `low…high`.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
#[inline(never)]
pub fn tokens(levels: &[i8], zero: u8, low: i8, high: i8, out: &mut [u8]) -> bool {
    let mut outside = 0;
    for (t, &k) in out.iter_mut().zip(levels) {
        *t = (k as u8).wrapping_add(zero);
        outside |= u8::from(k < low) | u8::from(k > high);
    }
    outside != 0
}

/// Whether a token is outside `low…high`.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
#[inline(never)]
pub fn any_outside(tokens: &[u8], low: u8, high: u8) -> bool {
    tokens
        .iter()
        .fold(0, |any, &t| any | u8::from(t < low) | u8::from(t > high))
        != 0
}

/// Writes (token − zero) · step.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
#[inline(never)]
pub fn products(tokens: &[u8], zero: i32, step: f32, out: &mut [f32]) {
    for (v, &t) in out.iter_mut().zip(tokens) {
        *v = (i32::from(t) - zero) as f32 * step;
    }
}

/// Widens tokens.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
#[inline(never)]
pub fn widen(tokens: &[u8], out: &mut [u16]) {
    for (s, &t) in out.iter_mut().zip(tokens) {
        *s = u16::from(t);
    }
}

/// Adds `base` to all.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
#[inline(never)]
pub fn raise(symbols: &mut [u16], base: u16) {
    for s in symbols {
        *s = s.wrapping_add(base);
    }
}

/// Σx² in f64 with eight accumulators, added pairwise; the remainder first.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
#[inline(never)]
pub fn sum_squares(values: &[f32]) -> f64 {
    let mut acc = [0.0f64; 8];
    let chunks = values.chunks_exact(8);
    for (a, v) in acc.iter_mut().zip(chunks.remainder()) {
        *a += f64::from(*v) * f64::from(*v);
    }
    for c in chunks {
        for (a, v) in acc.iter_mut().zip(c) {
            *a += f64::from(*v) * f64::from(*v);
        }
    }
    ((acc[0] + acc[4]) + (acc[2] + acc[6])) + ((acc[1] + acc[5]) + (acc[3] + acc[7]))
}

/// Bits of the largest magnitude.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
#[inline(never)]
pub fn peak_bits(values: &[f32]) -> u32 {
    values.iter().fold(0, |m, v| m.max(v.to_bits() & 0x7fff_ffff))
}

/// Little-endian bytes to f32.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
#[inline(never)]
pub fn load(bytes: &[u8], out: &mut [f32]) {
    for (v, b) in out.iter_mut().zip(bytes.chunks_exact(4)) {
        *v = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    }
}

/// f32 to little-endian bytes.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
#[inline(never)]
pub fn store(values: &[f32], out: &mut [u8]) {
    for (v, b) in values.iter().zip(out.chunks_exact_mut(4)) {
        b.copy_from_slice(&v.to_le_bytes());
    }
}
