//! Encoding: standalone frames, and the setup and bodies of a stream.

use crate::codec;
use crate::options::{options, set_report, stream_encoder, tensor};
use crate::slots::{BUDGET_VALUES, PROFILE, set_error};
use wasm_bindgen::prelude::wasm_bindgen;

/// Encodes the tensor in the input as one standalone frame; the report goes to the slots.
#[wasm_bindgen]
pub fn encode(handle: u32) -> u32 {
    let c = codec(handle);
    let wanted = c.slots[PROFILE] as usize;
    if wanted != c.encoder_profile {
        let profile = wanted.checked_sub(1).and_then(|i| c.profiles.get(i)).cloned();
        if let Err(error) = c.encoder.set_profile(profile) {
            return set_error(&mut c.slots, &error);
        }
        c.encoder_profile = wanted;
    }
    let result =
        options(&c.slots).and_then(|options| c.encoder.encode(&tensor(&c.slots, &c.input)?, &options, &mut c.output));
    match result {
        Ok(report) => {
            set_report(&mut c.slots, &report);
            0
        }
        Err(error) => set_error(&mut c.slots, &error),
    }
}

/// Opens a stream; the input is a sample of typical rows, or empty. The setup goes to the output.
#[wasm_bindgen]
pub fn stream_setup(handle: u32) -> u32 {
    let c = codec(handle);
    match stream_encoder(&c.slots, &c.profiles, &c.input) {
        Ok(encoder) => {
            c.output = encoder.setup();
            c.stream_encoder = Some(encoder);
            0
        }
        Err(error) => set_error(&mut c.slots, &error),
    }
}

/// Encodes the rows in the input as one bare body of at most as many bytes as the budget's first number says; a stream
/// must be open.
#[wasm_bindgen]
pub fn stream_encode(handle: u32) -> u32 {
    let c = codec(handle);
    let Some(encoder) = &mut c.stream_encoder else {
        return u32::MAX;
    };
    let cap = c.slots[BUDGET_VALUES];
    let cap = (!cap.is_nan()).then_some(cap as usize);
    match encoder.encode_within(&c.input, cap, &mut c.output) {
        Ok(_) => 0,
        Err(error) => set_error(&mut c.slots, &error),
    }
}
