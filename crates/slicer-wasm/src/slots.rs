//! What each of the doubles of a handle means. `sdk/src/codec/abi.ts` names the same numbers; keep both in step.

use slicer_codec::{DType, Dims, Error, Limits};

/// Number of slots.
pub const SLOTS: usize = 64;

/// Element type code, in and out.
pub const DTYPE: usize = 0;
/// Rank, in and out; the dims follow.
pub const RANK: usize = 1;
/// First of eight dims.
pub const DIMS: usize = 2;
/// Kind of budget; its four numbers follow, NaN where absent.
pub const BUDGET: usize = 10;
/// First number of the budget: its value, or keep, asymmetry, blocks and distortion.
pub const BUDGET_VALUES: usize = 11;
/// Encoder mode.
pub const MODE: usize = 15;
/// Encoder effort.
pub const EFFORT: usize = 16;
/// Layout; 0 = the default of the rank.
pub const LAYOUT: usize = 17;
/// What shares a scale.
pub const GRANULARITY: usize = 18;
/// Whether errors are measured where the budget does not need them.
pub const WANT_REPORT: usize = 19;
/// Decoder limits; NaN stands for the default.
pub const MAX_BYTES: usize = 20;
/// Work units a decoder may spend; NaN stands for the default.
pub const MAX_WORK: usize = 21;
/// Profile an encoder uses, counted from 1 in the order of `profile_add`, which writes it too; 0 = none.
pub const PROFILE: usize = 22;
/// Tools of a stream: 1 trellis, 2 adaptive classes.
#[cfg(feature = "encode")]
pub const STREAM_TOOLS: usize = 23;
/// Code, field, offset and detail of the last error.
pub const ERROR: usize = 24;

/// First slot of the encoder's report.
pub const REPORT: usize = 28;

/// The slots of one handle.
pub type Slots = [f64; SLOTS];

/// Reads the decoder's limits.
pub fn limits(slots: &Slots) -> Limits {
    let default = Limits::default();
    let pick = |slot: f64, default: u64| if slot.is_nan() { default } else { slot as u64 };
    Limits {
        max_bytes: pick(slots[MAX_BYTES], default.max_bytes),
        max_work: pick(slots[MAX_WORK], default.max_work),
    }
}

/// Writes type and dims of a tensor.
pub fn set_head(slots: &mut Slots, dtype: DType, dims: &Dims) {
    let dims = dims.as_slice();
    slots[DTYPE] = f64::from(dtype as u8);
    slots[RANK] = dims.len() as f64;
    for (slot, &dim) in slots[DIMS..].iter_mut().zip(dims) {
        *slot = f64::from(dim);
    }
}

/// Writes an error; returns the status that announces it.
pub fn set_error(slots: &mut Slots, error: &Error) -> u32 {
    slots[ERROR] = f64::from(error.code_number());
    slots[ERROR + 1] = f64::from(error.field_number());
    slots[ERROR + 2] = error.offset() as f64;
    slots[ERROR + 3] = error.detail() as f64;
    u32::from(error.code_number())
}
