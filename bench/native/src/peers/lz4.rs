//! Quantise + the block format of LZ4, by lz4_flex.

use super::quantise::{as_bytes, as_levels, dequantise, quantise};
use super::{Peer, Times, failed};
use crate::clock::time_each;
use lz4_flex::block;
use std::io;

pub struct QuantiseLz4 {
    step: f32,
    levels: Vec<i8>,
    frame: Vec<u8>,
    unpacked: Vec<u8>,
    decoded: Vec<f32>,
}

impl QuantiseLz4 {
    pub fn new(step: f32) -> Self {
        Self {
            step,
            levels: Vec::new(),
            frame: Vec::new(),
            unpacked: Vec::new(),
            decoded: Vec::new(),
        }
    }
}

impl Peer for QuantiseLz4 {
    fn round(&mut self, values: &[f32], repeats: u32) -> io::Result<Times> {
        self.levels.resize(values.len(), 0);
        self.frame.resize(block::get_maximum_output_size(values.len()), 0);
        self.unpacked.resize(values.len(), 0);
        self.decoded.resize(values.len(), 0.0);
        let inverse = 1.0 / self.step;
        let (bytes, encode) = time_each(repeats, || {
            quantise(values, inverse, &mut self.levels);
            block::compress_into(as_bytes(&self.levels), &mut self.frame)
        });
        let bytes = bytes.map_err(failed)?;
        let (result, decode) = time_each(repeats, || {
            let n = block::decompress_into(&self.frame[..bytes], &mut self.unpacked)?;
            dequantise(as_levels(&self.unpacked[..n]), self.step, &mut self.decoded);
            Ok::<_, block::DecompressError>(())
        });
        result.map_err(failed)?;
        assert_eq!(as_bytes(&self.levels), self.unpacked);
        Ok(Times { bytes, encode, decode })
    }
}
