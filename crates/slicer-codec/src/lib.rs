//! The slicer codec: tensors at the cut of a split neural network, to and from a specified bitstream.
//!
//! [`encode`] and [`decode`] take one tensor to a standalone frame and back; [`Encoder`] and [`Decoder`] do that for many and
//! keep their buffers; [`StreamEncoder`] and [`StreamDecoder`] send a setup once and a bare body for every few rows.
//! [`inspect`] lists the fields of a frame.
//!
//! Every module is one stage of the pipeline and one section of `spec/bitstream.md`. No I/O, `no_std` with `alloc`,
//! `unsafe` only in the SIMD twins. Decoding, in the order of the data: `frame` → `setup` → `segment` → `rans` → `bins` →
//! `reconstruct` → `layout`. Encoding runs the other way and is free in its choices.
#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code)]

extern crate alloc;

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod adaptive;
mod bins;
mod bits;
mod bytes;
mod channel;
mod classes;
mod coding;
mod contexts;
mod crc32c;
mod crew;
mod dct;
mod decode;
mod dtype;
mod elements;
#[cfg(feature = "encode")]
mod encode;
mod error;
mod frame;
mod intlist;
mod inverse;
mod layout;
mod levels;
mod limits;
mod lookup;
mod math;
mod points;
mod profile;
mod rans;
mod reconstruct;
mod scales;
mod segment;
mod setup;
mod sha256;
mod sink;
mod tables;

pub use adaptive::State;
pub use bytes::Entry;
pub use crc32c::crc32c;
pub use decode::{Decoder, StreamDecoder, Tensor, decode, inspect};
pub use dtype::DType;
#[cfg(feature = "encode")]
pub use encode::{
    Budget, Effort, EncodeOptions, Encoder, Granularity, Method, Mode, Report, Sections, StreamEncoder, StreamOptions,
    TensorRef, encode, warning,
};
pub use error::{Error, ErrorCode, Field, Result};
pub use frame::{DRAFT, MAGIC, VERSION};
pub use layout::{Dims, Layout, View};
pub use limits::Limits;
pub use profile::{MAX_CHANNELS, PROFILE_MAGIC, Point, Profile, Transform, recipe, section};
pub use setup::{Setup, feature};
