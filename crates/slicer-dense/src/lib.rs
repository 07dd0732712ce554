//! The dense coder of `slicer-codec` and the trellis that goes with it: loops that no vector helps.
//!
//! A crate of their own because a profile sets the optimisation level by crate: compiled for speed they are unrolled to twice
//! their size, which the WASM builds that carry an encoder have no room for.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod dense;
pub mod trellis;
pub mod viterbi;
