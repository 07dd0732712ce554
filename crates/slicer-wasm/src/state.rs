//! Adaptive classes of an open stream: taken before a loss, put back after it.

use crate::codec;
use crate::slots::set_error;
use slicer_codec::State;
use wasm_bindgen::prelude::wasm_bindgen;

/// Copies the state of the open stream to the output.
#[wasm_bindgen]
pub fn stream_state(handle: u32) -> u32 {
    let c = codec(handle);
    let mut found = c.stream_decoder.as_ref().map(|d| d.state().to_bytes());
    #[cfg(feature = "encode")]
    if let Some(encoder) = &c.stream_encoder {
        found = Some(encoder.state().to_bytes());
    }
    match found {
        Some(bytes) => {
            c.output = bytes;
            0
        }
        None => u32::MAX,
    }
}

/// Goes on from the state in the input; an empty one begins anew, and lets an encoder's next body say so.
#[wasm_bindgen]
pub fn stream_restore(handle: u32) -> u32 {
    let c = codec(handle);
    let fresh = c.input.is_empty();
    let Some(state) = (if fresh {
        Some(State::default())
    } else {
        State::from_bytes(&c.input)
    }) else {
        return u32::MAX;
    };
    let mut done = Ok(());
    if let Some(decoder) = &mut c.stream_decoder {
        done = decoder.restore(&state);
    }
    #[cfg(feature = "encode")]
    if let Some(encoder) = &mut c.stream_encoder {
        if fresh {
            encoder.reset();
        } else {
            done = encoder.restore(&state);
        }
    }
    match done {
        Ok(()) => 0,
        Err(error) => set_error(&mut c.slots, &error),
    }
}
