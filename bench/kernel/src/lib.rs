//! Work for a stop-watch: the product kernel on a shape, and as many multiply-adds as the machine can do without rounding
//! less often than the specification asks for (no fused ones).

use slicer_kernels::dct;
use std::hint::black_box;

/// Accumulators of the peak: enough to hide the latency of a sum, few enough for the registers that a compiler makes of them.
#[cfg(target_arch = "wasm32")]
const SUMS: usize = 6;
#[cfg(not(target_arch = "wasm32"))]
const SUMS: usize = 12;

/// Values of a register.
#[cfg(target_arch = "wasm32")]
const LANES: usize = 4;
#[cfg(not(target_arch = "wasm32"))]
const LANES: usize = 8;

/// Maps `plane` positions of `channels` coefficients to as many channels, `repeats` times; returns the multiply-adds done.
#[unsafe(no_mangle)]
pub extern "C" fn kernel_mix(channels: usize, plane: usize, repeats: usize) -> f64 {
    transform(dct::mix, channels, plane, repeats)
}

/// The same from channels to coefficients.
#[unsafe(no_mangle)]
pub extern "C" fn kernel_project(channels: usize, plane: usize, repeats: usize) -> f64 {
    transform(dct::project, channels, plane, repeats)
}

fn transform(way: fn(&[f32], usize, usize, &[f32], &mut [f32]), channels: usize, plane: usize, repeats: usize) -> f64 {
    let matrix = drawn(channels * channels);
    let values = drawn(channels * plane);
    let mut out = vec![0.0; channels * plane];
    for _ in 0..repeats {
        way(black_box(&matrix), channels, plane, black_box(&values), &mut out);
        black_box(&mut out);
    }
    (channels * channels * plane * repeats) as f64
}

/// Products and sums of operands in registers and the first-level cache; returns the multiply-adds done.
#[unsafe(no_mangle)]
pub extern "C" fn kernel_peak(repeats: usize) -> f64 {
    let factors = drawn(256);
    let lines = drawn(SUMS * LANES);
    for _ in 0..repeats {
        black_box(peak(black_box(&factors), black_box(&lines)));
    }
    (256 * SUMS * LANES * repeats) as f64
}

/// Small numbers, none of them 0.
fn drawn(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 37 + 11) % 101) as f32 / 64.0 - 0.7).collect()
}

#[cfg(not(target_arch = "x86_64"))]
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
#[inline(never)]
fn peak(factors: &[f32], lines: &[f32]) -> [f32; SUMS * LANES] {
    sums(factors, lines)
}

#[cfg(target_arch = "x86_64")]
fn peak(factors: &[f32], lines: &[f32]) -> [f32; SUMS * LANES] {
    #[target_feature(enable = "avx2")]
    fn wide(factors: &[f32], lines: &[f32]) -> [f32; SUMS * LANES] {
        sums(factors, lines)
    }
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has AVX2, which is all the function asks for.
        return unsafe { wide(factors, lines) };
    }
    sums(factors, lines)
}

#[inline(always)]
fn sums(factors: &[f32], lines: &[f32]) -> [f32; SUMS * LANES] {
    let mut sums = [0.0; SUMS * LANES];
    if let Some(lines) = lines.first_chunk::<{ SUMS * LANES }>() {
        for &factor in factors {
            for (sum, x) in sums.iter_mut().zip(lines) {
                *sum += factor * x;
            }
        }
    }
    sums
}
