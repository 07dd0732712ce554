//! A profile that is made up: means, classes and a transform.

use sha2::{Digest, Sha256};
use slicer_codec::*;
use std::sync::Arc;

/// Writes a profile whose transform is a rotation of neighbouring channels, kept to `rank` coefficients.
pub fn profile(channels: usize, rank: usize, tools: u8, seed: u32) -> Arc<Profile> {
    let wave = |i: usize| ((i as f32 + seed as f32) * 0.7).sin();
    let mut content = vec![(section::MEAN | section::CLASSES | section::TRANSFORM) as u8];
    content[0] |= (section::FORWARD | section::RECIPE | section::CURVE) as u8;
    varint(&mut content, channels as u32);
    (0..channels).for_each(|c| content.extend(wave(c).to_le_bytes()));
    list(&mut content, channels);
    varint(&mut content, rank as u32);
    list(&mut content, rank);
    // Row k of F, which is column k of A: the rotation's inverse is its transpose.
    let entry = |k: usize, c: usize| {
        let (pair, angle) = (k / 2 * 2, 0.3 + 0.1 * (seed % 7) as f32);
        if pair + 1 >= channels || c / 2 * 2 != pair {
            return if k == c { 1.0 } else { 0.0 };
        }
        match (k % 2, c % 2) {
            (0, 0) | (1, 1) => angle.cos(),
            (0, 1) => angle.sin(),
            _ => -angle.sin(),
        }
    };
    for _ in 0..2 {
        for k in 0..rank {
            content.extend((1.0f32 / 16384.0).to_le_bytes());
            (0..channels).for_each(|c| content.extend(((entry(k, c) * 16384.0).round() as i16).to_le_bytes()));
        }
    }
    content.push(tools);
    content.push(2);
    for v in [0.1f32, 900.0, 0.01, 0.4, 300.0, 0.1] {
        content.extend(v.to_le_bytes());
    }
    let mut bytes = [&PROFILE_MAGIC[..], &[VERSION, DRAFT]].concat();
    bytes.extend(Sha256::digest(&content));
    bytes.extend(content);
    Arc::new(Profile::parse(&bytes, Limits::default()).unwrap())
}

fn varint(out: &mut Vec<u8>, mut v: u32) {
    while v > 127 {
        out.push(v as u8 | 128);
        v >>= 7;
    }
    out.push(v as u8);
}

/// A class list of zeros: one byte, or a Rice parameter of 0 and a zero-bit each.
fn list(out: &mut Vec<u8>, n: usize) {
    out.extend(std::iter::repeat_n(0, if n == 1 { 1 } else { (3 + n).div_ceil(8) }));
}
