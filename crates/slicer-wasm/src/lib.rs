//! WebAssembly façade: pointers and numbers cross the boundary, never objects, and nothing is decided here.
//!
//! A *handle* is the address of a `Codec`, which owns one input buffer, one output buffer and a fixed array of
//! `f64` slots (see [`slots`]). The host writes the input and the options, calls one operation, then reads the output
//! and the slots. Operations return 0, or the code of the error they wrote to the slots.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod decode;
#[cfg(feature = "encode")]
mod encode;
#[cfg(feature = "encode")]
mod options;
mod profile;
#[cfg(target_arch = "wasm32")]
mod runtime;
mod slots;
mod state;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use slots::{SLOTS, Slots};
use wasm_bindgen::prelude::wasm_bindgen;

/// Buffers and state of one encoder or decoder; they are reused from call to call.
pub(crate) struct Codec {
    pub input: Vec<u8>,
    pub output: Vec<u8>,
    /// Inspected fields, four doubles each: field, start, end, value.
    pub entries: Vec<f64>,
    pub slots: Slots,
    pub decoder: Option<slicer_codec::Decoder>,
    pub stream_decoder: Option<slicer_codec::StreamDecoder>,
    pub profiles: Vec<Arc<slicer_codec::Profile>>,
    #[cfg(feature = "encode")]
    pub encoder: slicer_codec::Encoder,
    /// Which of the profiles the encoder has; 0 = none.
    #[cfg(feature = "encode")]
    pub encoder_profile: usize,
    #[cfg(feature = "encode")]
    pub stream_encoder: Option<slicer_codec::StreamEncoder>,
}

/// The codec behind a handle.
pub(crate) fn codec<'a>(handle: u32) -> &'a mut Codec {
    // SAFETY: the SDK hands back only addresses made by `codec_new`, forgets a handle when it frees it, and calls from
    // one thread, one operation at a time.
    unsafe { &mut *(handle as usize as *mut Codec) }
}

/// Makes an encoder or decoder.
#[wasm_bindgen]
pub fn codec_new() -> u32 {
    let codec = Codec {
        input: Vec::new(),
        output: Vec::new(),
        entries: Vec::new(),
        slots: [0.0; SLOTS],
        decoder: None,
        stream_decoder: None,
        profiles: Vec::new(),
        #[cfg(feature = "encode")]
        encoder: slicer_codec::Encoder::new(),
        #[cfg(feature = "encode")]
        encoder_profile: 0,
        #[cfg(feature = "encode")]
        stream_encoder: None,
    };
    Box::into_raw(Box::new(codec)) as usize as u32
}

/// Frees an encoder or decoder.
#[wasm_bindgen]
pub fn codec_free(handle: u32) {
    // SAFETY: as in `codec`; the SDK frees a handle once.
    drop(unsafe { Box::from_raw(handle as usize as *mut Codec) });
}

/// Address of the slots.
#[wasm_bindgen]
pub fn slots(handle: u32) -> u32 {
    codec(handle).slots.as_ptr() as usize as u32
}

/// Makes room for `len` bytes of input and returns their address, or 0 when there is no memory.
#[wasm_bindgen]
pub fn input(handle: u32, len: u32) -> u32 {
    let input = &mut codec(handle).input;
    let len = len as usize;
    if input.capacity() < len {
        // Freed first: growing in place would hold both copies for a moment.
        *input = Vec::new();
        if input.try_reserve_exact(len).is_err() {
            return 0;
        }
    }
    // The host overwrites every byte; only those that were never written need a value.
    input.resize(len, 0);
    input.as_ptr() as usize as u32
}

/// Address of the last result.
#[wasm_bindgen]
pub fn output(handle: u32) -> u32 {
    codec(handle).output.as_ptr() as usize as u32
}

/// Length of the last result in bytes.
#[wasm_bindgen]
pub fn output_len(handle: u32) -> u32 {
    codec(handle).output.len() as u32
}

/// Address of the inspected fields.
#[wasm_bindgen]
pub fn entries(handle: u32) -> u32 {
    codec(handle).entries.as_ptr() as usize as u32
}

/// Number of doubles in the inspected fields.
#[wasm_bindgen]
pub fn entries_len(handle: u32) -> u32 {
    codec(handle).entries.len() as u32
}
