//! Decoding, inspection, and the bodies of a stream.

use crate::codec;
use crate::slots::{limits, set_error, set_head};
use slicer_codec::{Decoder, StreamDecoder};
use wasm_bindgen::prelude::wasm_bindgen;

/// Decodes the standalone frame in the input; type and dims go to the slots.
#[wasm_bindgen]
pub fn decode(handle: u32) -> u32 {
    let c = codec(handle);
    let limits = limits(&c.slots);
    let decoder = c.decoder.get_or_insert_with(Decoder::new);
    match decoder.decode_into(&c.input, limits, &mut c.output) {
        Ok((dtype, dims)) => {
            set_head(&mut c.slots, dtype, &dims);
            0
        }
        Err(error) => set_error(&mut c.slots, &error),
    }
}

/// Lists the fields of the standalone frame in the input.
#[wasm_bindgen]
pub fn inspect(handle: u32) -> u32 {
    let c = codec(handle);
    match slicer_codec::inspect(&c.input, &c.profiles, limits(&c.slots)) {
        Ok(entries) => {
            c.entries.clear();
            for e in entries {
                c.entries
                    .extend([f64::from(e.field as u8), e.start as f64, e.end as f64, e.value]);
            }
            0
        }
        Err(error) => set_error(&mut c.slots, &error),
    }
}

/// Opens a stream with the setup in the input.
#[wasm_bindgen]
pub fn stream_open(handle: u32) -> u32 {
    let c = codec(handle);
    match StreamDecoder::new(&c.input, &c.profiles, limits(&c.slots)) {
        Ok(decoder) => {
            c.stream_decoder = Some(decoder);
            0
        }
        Err(error) => set_error(&mut c.slots, &error),
    }
}

/// Decodes the bare body in the input; a stream must be open.
#[wasm_bindgen]
pub fn stream_decode(handle: u32) -> u32 {
    let c = codec(handle);
    let limits = limits(&c.slots);
    let Some(decoder) = &mut c.stream_decoder else {
        return u32::MAX;
    };
    match decoder.decode_into(&c.input, limits, &mut c.output) {
        Ok((dtype, dims)) => {
            set_head(&mut c.slots, dtype, &dims);
            0
        }
        Err(error) => set_error(&mut c.slots, &error),
    }
}
