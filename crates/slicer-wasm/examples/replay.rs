//! Encodes and decodes natively what a WASM build has encoded and decoded, and compares every byte.
//!
//! The file holds cases one after another: the slots (64 doubles), then input, frame and decoded bytes, each after its
//! length as a u32; a frame of length 2³² − 1 stands for an encoder that refused. All little-endian.

// The façade is no Rust library (see its manifest), so its two modules about slots are compiled once more.
extern crate alloc;

#[allow(dead_code)]
#[path = "../src/options.rs"]
mod options;
#[allow(dead_code)]
#[path = "../src/slots.rs"]
mod slots;

use options::{options, tensor};
use slicer_codec::{Decoder, Encoder, Limits};
use slots::{SLOTS, Slots};
use std::process::ExitCode;

const REFUSED: u32 = u32::MAX;

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> &'a [u8] {
        let (head, rest) = self.0.split_at(n);
        self.0 = rest;
        head
    }

    fn slots(&mut self) -> Slots {
        let mut slots = [0.0; SLOTS];
        for (slot, bytes) in slots.iter_mut().zip(self.take(8 * SLOTS).chunks_exact(8)) {
            *slot = f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        }
        slots
    }

    fn block(&mut self) -> Option<&'a [u8]> {
        let length = u32::from_le_bytes(self.take(4).try_into().expect("four bytes"));
        (length != REFUSED).then(|| self.take(length as usize))
    }
}

fn main() -> ExitCode {
    let path = std::env::args().nth(1).expect("usage: replay FILE");
    let data = std::fs::read(path).expect("the file can be read");
    let mut cursor = Cursor(&data);
    let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
    let (mut frame, mut out) = (Vec::new(), Vec::new());
    let (mut cases, mut differ) = (0, 0);
    while !cursor.0.is_empty() {
        let slots = cursor.slots();
        let input = cursor.block().expect("an input");
        let expected = cursor.block();
        let decoded = cursor.block();
        let result = options(&slots).and_then(|options| encoder.encode(&tensor(&slots, input)?, &options, &mut frame));
        let same = match expected {
            None => result.is_err(),
            Some(bytes) => {
                result.is_ok()
                    && frame == bytes
                    && decoder.decode_into(bytes, Limits::default(), &mut out).is_ok()
                    && Some(&out[..]) == decoded
            }
        };
        if !same {
            differ += 1;
            println!("case {cases} differs: slots {:?}", &slots[..20]);
        }
        cases += 1;
    }
    println!("{cases} cases, {differ} differ");
    if differ == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
