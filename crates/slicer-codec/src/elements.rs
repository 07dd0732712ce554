//! Blocks of elements between a tensor's bytes (memory order) and the working types (scan order).
//!
//! One place for every combination of type and layout, so that the stages themselves see plain slices.

use crate::dtype::DType;
use crate::layout::View;

/// Values handled at a time: small enough for the first-level cache.
pub(crate) const BLOCK: usize = 4096;

/// Copies elements `at …` of the scan into `out` as f32 (i32 rounds to nearest even).
pub(crate) fn load(dtype: DType, view: &View, bytes: &[u8], at: usize, out: &mut [f32]) {
    if dtype == DType::F32 && view.is_contiguous() {
        slicer_kernels::load(&bytes[4 * at..], out);
    } else {
        view.for_each(at, out.len(), &mut |i, memory| out[i - at] = dtype.load(bytes, memory));
    }
}

/// The same, exactly, as f64.
#[cfg(feature = "encode")]
pub(crate) fn load_f64(dtype: DType, view: &View, bytes: &[u8], at: usize, out: &mut [f64]) {
    if dtype == DType::F32 && view.is_contiguous() {
        for (v, b) in out.iter_mut().zip(bytes[4 * at..].chunks_exact(4)) {
            *v = f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        }
    } else {
        view.for_each(at, out.len(), &mut |i, memory| {
            out[i - at] = dtype.load_f64(bytes, memory)
        });
    }
}

/// The same as levels of the integer or float-bits domain.
#[cfg(feature = "encode")]
pub(crate) fn load_levels(dtype: DType, view: &View, bytes: &[u8], at: usize, out: &mut [i32]) {
    view.for_each(at, out.len(), &mut |i, memory| {
        out[i - at] = dtype.load_level(bytes, memory)
    });
}

/// Writes values as elements `at …` of the scan: round to nearest even, saturate.
pub(crate) fn store(dtype: DType, view: &View, values: &[f32], at: usize, bytes: &mut [u8]) {
    if dtype == DType::F32 && view.is_contiguous() {
        slicer_kernels::store(values, &mut bytes[4 * at..]);
    } else {
        view.for_each(at, values.len(), &mut |i, memory| {
            dtype.store(bytes, memory, values[i - at])
        });
    }
}

/// Writes levels of the integer or float-bits domain; the first level outside the type is returned as the error.
pub(crate) fn store_levels(dtype: DType, view: &View, levels: &[i32], at: usize, bytes: &mut [u8]) -> Result<(), i32> {
    let mut result = Ok(());
    view.for_each(at, levels.len(), &mut |i, memory| {
        if !dtype.store_level(bytes, memory, levels[i - at]) && result.is_ok() {
            result = Err(levels[i - at]);
        }
    });
    result
}
