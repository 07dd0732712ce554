//! Quantise + zstd level 1 with reused contexts: bytes, then a general compressor.

use super::quantise::{as_bytes, as_levels, dequantise, quantise};
use super::{Peer, Times};
use crate::clock::time_each;
use std::io;
use zstd::{bulk, zstd_safe};

const LEVEL: i32 = 1;

/// Version of libzstd.
pub fn version() -> &'static str {
    zstd_safe::version_string()
}

pub struct QuantiseZstd {
    step: f32,
    compressor: bulk::Compressor<'static>,
    decompressor: bulk::Decompressor<'static>,
    levels: Vec<i8>,
    frame: Vec<u8>,
    unpacked: Vec<u8>,
    decoded: Vec<f32>,
}

impl QuantiseZstd {
    pub fn new(step: f32) -> io::Result<Self> {
        Ok(Self {
            step,
            compressor: bulk::Compressor::new(LEVEL)?,
            decompressor: bulk::Decompressor::new()?,
            levels: Vec::new(),
            frame: Vec::new(),
            unpacked: Vec::new(),
            decoded: Vec::new(),
        })
    }
}

impl Peer for QuantiseZstd {
    fn round(&mut self, values: &[f32], repeats: u32) -> io::Result<Times> {
        self.levels.resize(values.len(), 0);
        self.frame.resize(zstd_safe::compress_bound(values.len()), 0);
        self.unpacked.resize(values.len(), 0);
        self.decoded.resize(values.len(), 0.0);
        let inverse = 1.0 / self.step;
        let (bytes, encode) = time_each(repeats, || {
            quantise(values, inverse, &mut self.levels);
            self.compressor
                .compress_to_buffer(as_bytes(&self.levels), &mut self.frame[..])
        });
        let bytes = bytes?;
        let (result, decode) = time_each(repeats, || {
            let frame = &self.frame[..bytes];
            let n = self.decompressor.decompress_to_buffer(frame, &mut self.unpacked[..])?;
            dequantise(as_levels(&self.unpacked[..n]), self.step, &mut self.decoded);
            Ok::<_, io::Error>(())
        });
        result?;
        assert_eq!(as_bytes(&self.levels), self.unpacked);
        Ok(Times { bytes, encode, decode })
    }
}
