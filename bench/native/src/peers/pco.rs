//! Quantise + pco, a lossless compressor of numbers, at its default level. Its smallest type here is 16 bits wide.

use super::quantise::{dequantise, quantise};
use super::{Peer, Times, failed};
use crate::clock::time_each;
use pco::{ChunkConfig, standalone};
use std::io;

pub struct QuantisePco {
    step: f32,
    config: ChunkConfig,
    levels: Vec<i16>,
    frame: Vec<u8>,
    unpacked: Vec<i16>,
    decoded: Vec<f32>,
}

impl QuantisePco {
    pub fn new(step: f32) -> Self {
        Self {
            step,
            config: ChunkConfig::default(),
            levels: Vec::new(),
            frame: Vec::new(),
            unpacked: Vec::new(),
            decoded: Vec::new(),
        }
    }
}

impl Peer for QuantisePco {
    fn round(&mut self, values: &[f32], repeats: u32) -> io::Result<Times> {
        self.levels.resize(values.len(), 0);
        self.unpacked.resize(values.len(), 0);
        self.decoded.resize(values.len(), 0.0);
        let inverse = 1.0 / self.step;
        let (result, encode) = time_each(repeats, || {
            quantise(values, inverse, &mut self.levels);
            self.frame.clear();
            standalone::simple_compress_into(&self.levels, &self.config, &mut self.frame).map(|_| ())
        });
        result.map_err(failed)?;
        let (result, decode) = time_each(repeats, || {
            standalone::simple_decompress_into(&self.frame, &mut self.unpacked)?;
            dequantise(&self.unpacked, self.step, &mut self.decoded);
            Ok::<_, pco::errors::PcoError>(())
        });
        result.map_err(failed)?;
        assert_eq!(self.levels, self.unpacked);
        let bytes = self.frame.len();
        Ok(Times { bytes, encode, decode })
    }
}
