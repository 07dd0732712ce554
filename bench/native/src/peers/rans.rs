//! The rANS coder of constriction alone: 32-bit state, 16-bit words, one table of 12-bit probabilities, a look-up table to
//! decode. Quantising, counting, making the table and dequantising are not timed, and the table is not among the bytes.

use super::quantise::quantise;
use super::{Peer, Times, failed};
use crate::clock::time_each;
use constriction::stream::model::SmallContiguousCategoricalEntropyModel as Table;
use constriction::stream::{Decode, stack::SmallAnsCoder};
use std::io;

pub struct Rans {
    step: f32,
    levels: Vec<i8>,
    unpacked: Vec<u8>,
}

impl Rans {
    pub fn new(step: f32) -> Self {
        Self {
            step,
            levels: Vec::new(),
            unpacked: Vec::new(),
        }
    }
}

impl Peer for Rans {
    fn round(&mut self, values: &[f32], repeats: u32) -> io::Result<Times> {
        self.levels.resize(values.len(), 0);
        self.unpacked.resize(values.len(), 0);
        quantise(values, 1.0 / self.step, &mut self.levels);
        let low = self.levels.iter().copied().min().unwrap_or(0);
        let symbols: Vec<u8> = self.levels.iter().map(|k| k.wrapping_sub(low) as u8).collect();
        let mut counts = vec![0f32; symbols.iter().copied().max().map_or(0, usize::from) + 1];
        // The model has to have two symbols.
        counts.resize(counts.len().max(2), 0.0);
        for &k in &symbols {
            counts[usize::from(k)] += 1.0;
        }
        let table = Table::from_floating_point_probabilities_fast(&counts, None).map_err(failed)?;
        let look_up = table.to_lookup_decoder_model();
        let (coder, encode) = time_each(repeats, || {
            let mut coder = SmallAnsCoder::new();
            coder
                .encode_iid_symbols_reverse(symbols.iter().map(|&k| usize::from(k)), &table)
                .map(|()| coder)
        });
        let words = coder.map_err(failed)?.into_compressed().map_err(failed)?;
        let (result, decode) = time_each(repeats, || {
            let mut coder = SmallAnsCoder::from_compressed_slice(&words).map_err(|_| "an empty stream")?;
            let decoded = coder.decode_iid_symbols(symbols.len(), &look_up);
            for (out, symbol) in self.unpacked.iter_mut().zip(decoded) {
                *out = symbol.map_err(|_| "not a stream")? as u8;
            }
            Ok::<_, &str>(())
        });
        result.map_err(failed)?;
        assert_eq!(symbols, self.unpacked);
        let bytes = 2 * words.len();
        Ok(Times { bytes, encode, decode })
    }
}
