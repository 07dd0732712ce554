//! Classes: a table group per row and per channel, added and clamped (spec § Classes).

use crate::bits::BitReader;
use crate::bytes::Reader;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::intlist;
use crate::limits::Account;
use alloc::vec::Vec;

/// Reads `count` small integers in `lowest…highest`: one byte if there is one, else a delta-coded integer list.
pub(crate) fn read_list(
    r: &mut Reader<'_>,
    account: &mut Account,
    count: usize,
    range: (i32, i32),
    field: Field,
    values: &mut Vec<i8>,
) -> Result<()> {
    values.clear();
    let start = r.pos();
    if count == 0 {
        return Ok(());
    }
    let check = |v: i64| {
        if v < i64::from(range.0) || v > i64::from(range.1) {
            Err(Error::new(ErrorCode::Corrupt, field, start, v.unsigned_abs()))
        } else {
            Ok(v as i8)
        }
    };
    if count == 1 {
        values.push(check(i64::from(r.u8(field)? as i8))?);
        r.note(field, start, f64::from(values[0]));
        return Ok(());
    }
    // Every integer takes at least one bit, so a count beyond the input is refused before anything is allocated.
    if count > r.remaining().saturating_mul(8) {
        let missing = (count / 8 - r.remaining()) as u64;
        return Err(Error::new(ErrorCode::Truncated, field, start + r.remaining(), missing));
    }
    // A list grows eightfold when it is read.
    account.charge_bytes(count as u64, field, start)?;
    let bytes = r.take(r.remaining(), field)?;
    let mut bits = BitReader::new(bytes, start);
    values.reserve(count);
    let k = intlist::read_parameter(&mut bits, field)?;
    let mut v = 0i64;
    for _ in 0..count {
        v += i64::from(intlist::read(&mut bits, k, field)?);
        values.push(check(v)?);
    }
    let used = bits.finish(field)?;
    r.rewind(bytes.len() - used);
    r.note(field, start, count as f64);
    Ok(())
}

/// Differences of neighbours, the first from 0.
#[cfg(feature = "encode")]
fn deltas(values: &[i8]) -> impl Iterator<Item = i32> + Clone {
    let before = core::iter::once(0).chain(values.iter().copied());
    values
        .iter()
        .zip(before)
        .map(|(&v, before)| i32::from(v) - i32::from(before))
}

/// Inverse of [`read_list`].
#[cfg(feature = "encode")]
pub(crate) fn write_list(values: &[i8], out: &mut Vec<u8>) {
    match values {
        [] => {}
        [v] => out.push(*v as u8),
        _ => {
            let mut bits = crate::bits::BitWriter::after(core::mem::take(out));
            intlist::write(&mut bits, deltas(values));
            bits.align();
            *out = bits.bytes;
        }
    }
}

/// Bytes that [`write_list`] needs.
#[cfg(feature = "encode")]
pub(crate) fn list_len(values: &[i8]) -> usize {
    match values {
        [] | [_] => values.len(),
        _ => intlist::best_parameter(deltas(values)).1.div_ceil(8) as usize,
    }
}

/// Class of a row and a channel: their sum, clamped to the classes there are.
#[inline]
pub(crate) fn combine(row: i8, channel: i8, classes: usize) -> usize {
    (i32::from(row) + i32::from(channel)).min(classes as i32 - 1).max(0) as usize
}
