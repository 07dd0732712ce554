//! The inner loops of `slicer-codec`, shaped so that the compiler vectorises them on every target.
//!
//! A crate of their own because a profile sets the optimisation level by crate: the WASM builds are compiled for size, and
//! these loops for speed. Every function is a plain loop over slices with one result on every machine; what it is good for
//! is said where it is called. The module `dispatch` says how they get their SIMD twins.
#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code)]

extern crate alloc;

pub mod dct;
mod dispatch;
pub mod planes;
pub mod product;

use dispatch::twins;

/// Adding this rounds a magnitude below 2^22 to the nearest even integer, which is then in the low mantissa bits.
const MAGIC: f32 = 12_582_912.0;

/// sign · round(|t| + bias), never below 0 before the sign.
#[inline(always)]
fn round(t: f32, bias: f32) -> i32 {
    let bits = t.to_bits();
    let r = (f32::from_bits(bits & 0x7fff_ffff) + bias) + MAGIC;
    let k = (r.to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32).max(0);
    let sign = bits as i32 >> 31;
    (k ^ sign).wrapping_sub(sign)
}

twins! {
    /// Writes sign · round(|x| · inverse + bias), never below 0 before the sign; returns the largest |x| · inverse.
    ///
    /// Only right where that is below 2^22.
    pub fn quantise(values: &[f32], inverse: f32, bias: f32, out: &mut [i32]) -> f32 {
        let mut peak = 0u32;
        for (o, &x) in out.iter_mut().zip(values) {
            let t = x * inverse;
            peak = peak.max(t.to_bits() & 0x7fff_ffff);
            *o = round(t, bias);
        }
        f32::from_bits(peak)
    }

    /// The same from little-endian cells and in the low byte of each level; only right where the returned peak is below 127.
    pub fn quantise_bytes(values: &[[u8; 4]], inverse: f32, bias: f32, out: &mut [u8]) -> f32 {
        let mut peak = 0u32;
        for (o, &x) in out.iter_mut().zip(values) {
            let t = f32::from_le_bytes(x) * inverse;
            peak = peak.max(t.to_bits() & 0x7fff_ffff);
            *o = round(t, bias) as u8;
        }
        f32::from_bits(peak)
    }

    /// Writes levels as bytes, clamped to ±`limit`; returns the lowest and the highest level, 0 included.
    pub fn narrow(levels: &[i32], limit: i8, out: &mut [u8]) -> (i32, i32) {
        let (mut lowest, mut highest) = (0, 0);
        let limit = i32::from(limit);
        for (o, &k) in out.iter_mut().zip(levels) {
            lowest = lowest.min(k);
            highest = highest.max(k);
            *o = k.clamp(-limit, limit) as u8;
        }
        (lowest, highest)
    }

    /// The lowest and the highest of levels in bytes, 0 included.
    pub fn range(levels: &[u8]) -> (i8, i8) {
        levels.iter().fold((0, 0), |(low, high), &k| (low.min(k as i8), high.max(k as i8)))
    }

    /// Adds to `counts` how many levels in bytes have each magnitude; the last counts all from its own on.
    pub fn magnitudes(levels: &[u8], counts: &mut [u32; 16]) {
        if cfg!(target_arch = "wasm32") {
            // Half as fast as the vectors below, and an eighth of their size.
            let mut parts = [[0u32; 16]; 4];
            for (i, &k) in levels.iter().enumerate() {
                parts[i & 3][usize::from((k as i8).unsigned_abs()).min(15)] += 1;
            }
            for (i, count) in counts.iter_mut().enumerate() {
                *count += parts[0][i] + parts[1][i] + parts[2][i] + parts[3][i];
            }
            return;
        }
        // So many that no byte overflows.
        for levels in levels.chunks(255 * 32) {
            let mut lanes = [[0u8; 32]; 15];
            let (blocks, rest) = levels.as_chunks::<32>();
            for block in blocks {
                for (magnitude, lanes) in lanes.iter_mut().enumerate() {
                    for (n, &k) in lanes.iter_mut().zip(block) {
                        *n += u8::from((k as i8).unsigned_abs() == magnitude as u8);
                    }
                }
            }
            let mut far = 32 * blocks.len() as u32;
            for (count, lanes) in counts.iter_mut().zip(&lanes) {
                let n = lanes.iter().map(|&n| u32::from(n)).sum::<u32>();
                *count += n;
                far -= n;
            }
            counts[15] += far;
            for &k in rest {
                counts[usize::from((k as i8).unsigned_abs()).min(15)] += 1;
            }
        }
    }

    /// Counts bytes.
    pub fn count(bytes: &[u8], partial: &mut Partial) {
        add_counts(bytes, partial);
    }

    /// Counts the first `part` bytes of planes of `plane` bytes, each for its class.
    pub fn count_planes(bytes: &[u8], plane: usize, part: usize, classes: &[u8], partial: &mut [Partial]) {
        if plane == 1 {
            for (i, (&t, &class)) in bytes.iter().zip(classes).enumerate() {
                partial[usize::from(class)][i & 3][usize::from(t)] += 1;
            }
            return;
        }
        for (bytes, &class) in bytes.chunks(plane).zip(classes) {
            add_counts(&bytes[..part.min(bytes.len())], &mut partial[usize::from(class)]);
        }
    }

    /// Turns levels in bytes into tokens by adding `zero`, but for chunks of [`CHUNK`] with a level outside `low…high`:
    /// these stay as they are, and their flag is set.
    pub fn tokens(levels: &mut [u8], zero: u8, low: i8, high: i8, flags: &mut [bool]) {
        for (levels, flag) in levels.chunks_mut(CHUNK).zip(flags) {
            let mut outside = 0;
            for &k in levels.iter() {
                outside |= u8::from((k as i8) < low) | u8::from((k as i8) > high);
            }
            *flag = outside != 0;
            if outside == 0 {
                for k in levels {
                    *k = k.wrapping_add(zero);
                }
            }
        }
    }

    /// Sets the flag of every chunk of [`CHUNK`] with a token outside `low…high`, and clears the others.
    pub fn outside(tokens: &[u8], low: u8, high: u8, flags: &mut [bool]) {
        let any = |tokens: &[u8]| tokens.iter().fold(false, |any, &t| any | (t < low) | (t > high));
        // A length that is known makes it three times as fast on x86-64, and a WASM file larger.
        let known = if cfg!(target_arch = "wasm32") { 0 } else { tokens.len() / CHUNK };
        let (known, rest) = tokens.split_at(known * CHUNK);
        let (flags, last) = flags.split_at_mut(known.len() / CHUNK);
        for (tokens, flag) in known.as_chunks::<CHUNK>().0.iter().zip(flags) {
            *flag = any(tokens);
        }
        for (tokens, flag) in rest.chunks(CHUNK).zip(last) {
            *flag = any(tokens);
        }
    }

    /// The largest byte, 0 if there is none.
    pub fn largest(bytes: &[u8]) -> u8 {
        bytes.iter().fold(0, |most, &b| most.max(b))
    }

    /// The largest symbol, 0 if there is none.
    pub fn largest_symbol(symbols: &[u16]) -> u16 {
        symbols.iter().fold(0, |most, &s| most.max(s))
    }

    /// Writes (token − zero) · step as little-endian cells.
    pub fn products(tokens: &[u8], zero: i32, step: f32, out: &mut [[u8; 4]]) {
        for (v, &t) in out.iter_mut().zip(tokens) {
            *v = ((i32::from(t) - zero) as f32 * step).to_le_bytes();
        }
    }

    /// Widens tokens.
    pub fn widen(tokens: &[u8], out: &mut [u16]) {
        for (s, &t) in out.iter_mut().zip(tokens) {
            *s = u16::from(t);
        }
    }

    /// Widens the tokens of planes and adds each plane's base.
    pub fn widen_planes(tokens: &[u8], plane: usize, bases: &[u16], out: &mut [u16]) {
        if plane == 1 {
            for ((s, &t), &base) in out.iter_mut().zip(tokens).zip(bases) {
                *s = u16::from(t) + base;
            }
            return;
        }
        for ((out, tokens), &base) in out.chunks_mut(plane).zip(tokens.chunks(plane)).zip(bases) {
            for (s, &t) in out.iter_mut().zip(tokens) {
                *s = u16::from(t) + base;
            }
        }
    }

    /// Adds Σ min(|token − zero|, most) of every plane to its sum, for `most` up to 63; returns the sum of all planes.
    pub fn activity(tokens: &[u8], plane: usize, zero: u8, most: u8, sums: &mut [u64]) -> u64 {
        let mut all = 0;
        if plane == 1 {
            for (&t, sum) in tokens.iter().zip(sums) {
                let busy = u64::from(planes::distance(t, zero).min(most));
                *sum += busy;
                all += busy;
            }
            return all;
        }
        for (tokens, sum) in tokens.chunks(plane).zip(sums) {
            // 1024 times 63 fits 16 bits.
            for part in tokens.chunks(1024) {
                let ranks = part.iter().map(|&t| u16::from(planes::distance(t, zero).min(most)));
                let busy = u64::from(ranks.sum::<u16>());
                *sum += busy;
                all += busy;
            }
        }
        all
    }

    /// Adds a histogram to `sum`; returns Σ h · log2 h of the new sums to about 1e-6 of it, Σ h, and how many are not 0.
    pub fn add_entropy(histogram: &[u32], sum: &mut [u32]) -> (f64, u32, u32) {
        let (mut bits, mut total, mut used) = ([0.0f64; 8], 0, 0);
        for (sums, counts) in sum.chunks_mut(8).zip(histogram.chunks(8)) {
            for ((s, h), bits) in sums.iter_mut().zip(counts).zip(&mut bits) {
                *s += h;
                let x = *s as i32 as f32;
                let m = f32::from_bits(x.to_bits() & 0x7f_ffff | 0x3f80_0000);
                let exponent = (x.to_bits() >> 23) as i32 - 127;
                let z = (m - 1.0) / (m + 1.0);
                let z2 = z * z;
                let series = (((z2 * (1.0 / 9.0) + 1.0 / 7.0) * z2 + 1.0 / 5.0) * z2 + 1.0 / 3.0) * z2 + 1.0;
                let log = exponent as f32 + 2.0 * core::f32::consts::LOG2_E * z * series;
                *bits += f64::from(x * log);
                total += *s;
                used += u32::from(*s > 0);
            }
        }
        (bits.iter().sum(), total, used)
    }

    /// Σx² in f64 with eight accumulators, added pairwise; the remainder first.
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
        pairwise(acc)
    }

    /// Of little-endian cells, the sum that [`sum_squares`] gives, and the bits of the largest magnitude.
    pub fn statistics(values: &[[u8; 4]]) -> (f64, u32) {
        let (mut acc, mut peaks) = ([0.0f64; 8], [0u32; 8]);
        let (eights, rest) = values.as_chunks::<8>();
        // Zeros add nothing.
        let mut first = [[0; 4]; 8];
        first[..rest.len()].copy_from_slice(rest);
        add_eight(&first, &mut acc, &mut peaks);
        for cells in eights {
            add_eight(cells, &mut acc, &mut peaks);
        }
        (pairwise(acc), peaks.into_iter().fold(0, u32::max))
    }

    /// Little-endian bytes to f32.
    pub fn load(bytes: &[u8], out: &mut [f32]) {
        for (v, b) in out.iter_mut().zip(bytes.chunks_exact(4)) {
            *v = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        }
    }

    /// f32 to little-endian bytes.
    pub fn store(values: &[f32], out: &mut [u8]) {
        for (v, b) in values.iter().zip(out.chunks_exact_mut(4)) {
            b.copy_from_slice(&v.to_le_bytes());
        }
    }
}

#[inline(always)]
fn pairwise(acc: [f64; 8]) -> f64 {
    ((acc[0] + acc[4]) + (acc[2] + acc[6])) + ((acc[1] + acc[5]) + (acc[3] + acc[7]))
}

/// A function, because a closure with two callers is not inlined where size counts.
#[inline(always)]
fn add_eight(cells: &[[u8; 4]; 8], acc: &mut [f64; 8], peaks: &mut [u32; 8]) {
    for ((a, p), v) in acc.iter_mut().zip(peaks).zip(cells) {
        let v = f32::from_le_bytes(*v);
        *p = (*p).max(v.to_bits() & 0x7fff_ffff);
        *a += f64::from(v) * f64::from(v);
    }
}

#[inline(always)]
fn add_counts(bytes: &[u8], [a, b, c, d]: &mut Partial) {
    let mut fours = bytes.chunks_exact(4);
    for t in &mut fours {
        a[usize::from(t[0])] += 1;
        b[usize::from(t[1])] += 1;
        c[usize::from(t[2])] += 1;
        d[usize::from(t[3])] += 1;
    }
    for &t in fours.remainder() {
        a[usize::from(t)] += 1;
    }
}

/// Values that [`tokens`] and [`outside`] look at together.
pub const CHUNK: usize = 64;

/// A histogram in parts, so that equal neighbours do not wait for each other.
pub type Partial = [[u32; 256]; 4];

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    #[test]
    fn magnitudes_are_counted_at_every_length() {
        let mut state = 1u32;
        let levels: Vec<u8> = (0..20_000)
            .map(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // A long run of one magnitude, then all there are.
                if i < 9_000 {
                    253
                } else {
                    (state >> 24) as u8 >> (state >> 8 & 7)
                }
            })
            .collect();
        for n in (0..258).chain([8_160, 8_161, 20_000]) {
            for part in [&levels[..n], &levels[levels.len() - n..]] {
                let (mut counts, mut expected) = ([7; 16], [7; 16]);
                super::magnitudes(part, &mut counts);
                for &k in part {
                    expected[usize::from((k as i8).unsigned_abs()).min(15)] += 1;
                }
                assert_eq!(counts, expected);
            }
        }
    }
}
