//! Inline tables: log-frequencies in quarter octaves, predicted and Rice-coded (spec § Inline tables).

use crate::bits::BitReader;
#[cfg(feature = "encode")]
use crate::bits::BitWriter;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::intlist;
use alloc::vec::Vec;

/// Largest log-frequency: 12 octaves of 4 quarters, plus 1 because 0 means absent.
const MAX_LOG: i32 = 49;
/// 32768 · 2^(i/4), rounded.
const QUARTERS: [u64; 4] = [32768, 38968, 46341, 55109];

fn weight(log: u8) -> u64 {
    if log == 0 {
        0
    } else {
        QUARTERS[usize::from((log - 1) & 3)] << ((log - 1) >> 2)
    }
}

/// Weights of one table's logs; a table without mass is an error.
pub(super) fn weights(logs: &[u8], out: &mut [u64]) -> core::result::Result<(), ErrorCode> {
    for (w, &log) in out.iter_mut().zip(logs) {
        *w = weight(log);
    }
    if logs.iter().all(|&l| l == 0) {
        Err(ErrorCode::BadTable)
    } else {
        Ok(())
    }
}

/// Reads `count` tables of `tokens` logs; returns the bytes used.
pub(super) fn read(bytes: &[u8], base: usize, count: usize, tokens: usize, logs: &mut Vec<u8>) -> Result<usize> {
    let mut bits = BitReader::new(bytes, base);
    logs.clear();
    logs.reserve(count * tokens);
    for t in 0..count {
        let from_previous_table = bits.get(1, Field::Tables)? == 1;
        if from_previous_table && t == 0 {
            return Err(Error::new(ErrorCode::Corrupt, Field::Tables, base, 0));
        }
        let k = intlist::read_parameter(&mut bits, Field::Tables)?;
        for i in 0..tokens {
            let prediction = predict(logs, t * tokens + i, tokens, from_previous_table);
            let log = i64::from(prediction) + i64::from(intlist::read(&mut bits, k, Field::Tables)?);
            if !(0..=i64::from(MAX_LOG)).contains(&log) {
                return Err(Error::new(
                    ErrorCode::BadTable,
                    Field::Tables,
                    base,
                    (t * tokens + i) as u64,
                ));
            }
            logs.push(log as u8);
        }
    }
    bits.finish(Field::Tables)
}

/// Prediction of the log at `at`: the same token of the previous table, or the previous token of the same table.
fn predict(logs: &[u8], at: usize, tokens: usize, from_previous_table: bool) -> i32 {
    if from_previous_table {
        i32::from(logs[at - tokens])
    } else if at.is_multiple_of(tokens) {
        0
    } else {
        i32::from(logs[at - 1])
    }
}

#[cfg(feature = "encode")]
fn residuals(
    logs: &[u8],
    t: usize,
    tokens: usize,
    from_previous_table: bool,
) -> impl Iterator<Item = i32> + Clone + '_ {
    (t * tokens..(t + 1) * tokens).map(move |at| i32::from(logs[at]) - predict(logs, at, tokens, from_previous_table))
}

/// Bits that table `t` of `logs` takes, with the cheaper prediction.
#[cfg(feature = "encode")]
pub(crate) fn coded_bits(logs: &[u8], t: usize, tokens: usize) -> (bool, u32) {
    let own = intlist::best_parameter(residuals(logs, t, tokens, false)).1 + 1;
    if t == 0 {
        return (false, own);
    }
    let previous = intlist::best_parameter(residuals(logs, t, tokens, true)).1 + 1;
    (previous < own, previous.min(own))
}

#[cfg(feature = "encode")]
pub(super) fn write(logs: &[u8], tokens: usize, out: &mut Vec<u8>) {
    let mut bits = BitWriter::after(core::mem::take(out));
    for t in 0..logs.len() / tokens {
        let (from_previous_table, _) = coded_bits(logs, t, tokens);
        bits.put(from_previous_table.into(), 1);
        intlist::write(&mut bits, residuals(logs, t, tokens, from_previous_table));
    }
    bits.align();
    *out = bits.bytes;
}

/// Nearest log of every count of a histogram; a count of 0 becomes absent.
///
/// Encoders may choose otherwise; this rounds 4·log2(count / total) to the nearest quarter, at least the smallest log.
#[cfg(feature = "encode")]
pub(crate) fn quantise(histogram: &[u32], out: &mut Vec<u8>) {
    let total: f64 = histogram.iter().map(|&h| f64::from(h)).sum();
    for &h in histogram {
        let log = if h == 0 {
            0
        } else {
            let quarters = 4.0 * (12.0 + crate::math::log2(f64::from(h) / total)) + 1.5;
            (quarters as i32).clamp(1, MAX_LOG) as u8
        };
        out.push(log);
    }
}
