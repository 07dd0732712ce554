//! Int8 levels under the largest magnitude: the least that quantising can cost, with no entropy coding behind it.

use super::quantise::{dequantise, peak, quantise};
use super::{Peer, Times};
use crate::clock::time_each;
use std::io;

#[derive(Default)]
pub struct Absmax {
    levels: Vec<i8>,
    decoded: Vec<f32>,
}

impl Peer for Absmax {
    fn round(&mut self, values: &[f32], repeats: u32) -> io::Result<Times> {
        self.levels.resize(values.len(), 0);
        self.decoded.resize(values.len(), 0.0);
        let (most, encode) = time_each(repeats, || {
            let most = peak(std::hint::black_box(values));
            quantise(values, 127.0 / most, &mut self.levels);
            most
        });
        let ((), decode) = time_each(repeats, || {
            dequantise(&self.levels, most / 127.0, std::hint::black_box(&mut self.decoded[..]));
        });
        let bytes = values.len() + size_of::<f32>();
        Ok(Times { bytes, encode, decode })
    }
}
