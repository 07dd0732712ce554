//! Profiles: parsed once per handle, then named by number.

use crate::codec;
use crate::slots::{PROFILE, limits, set_error};
use alloc::sync::Arc;
use slicer_codec::{Error, ErrorCode, Field, Profile};
use wasm_bindgen::prelude::wasm_bindgen;

/// Parses the profile in the input; its number goes to the profile slot.
#[wasm_bindgen]
pub fn profile_add(handle: u32) -> u32 {
    let c = codec(handle);
    let profile = match Profile::parse(&c.input, limits(&c.slots)) {
        Ok(profile) => profile,
        Err(error) => return set_error(&mut c.slots, &error),
    };
    let at = match c.profiles.iter().position(|p| p.id() == profile.id()) {
        Some(i) if c.profiles[i].hash != profile.hash => {
            let error = Error::argument(ErrorCode::ProfileMismatch, Field::ProfileId, 0);
            return set_error(&mut c.slots, &error);
        }
        Some(i) => i,
        None => {
            c.profiles.push(Arc::new(profile));
            c.profiles.len() - 1
        }
    };
    let decoder = c.decoder.get_or_insert_with(slicer_codec::Decoder::new);
    if let Err(error) = decoder.add_profile(c.profiles[at].clone()) {
        return set_error(&mut c.slots, &error);
    }
    c.slots[PROFILE] = (at + 1) as f64;
    0
}
