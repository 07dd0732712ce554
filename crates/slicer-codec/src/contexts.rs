//! Neighbour contexts: which table a token uses, from its left and upper neighbours in the plane (spec § Contexts).

use crate::bins::Bins;
use crate::bytes::Reader;
use crate::error::{ErrorCode, Field, Result};
use alloc::vec::Vec;

/// Cap on a token's rank, so that two ranks fit a table of 127.
pub(crate) const MAX_RANK: u8 = 63;
/// Number of rank sums, 0…126.
pub(crate) const SUMS: usize = 2 * MAX_RANK as usize + 1;
/// Most thresholds, so at most eight contexts.
pub(crate) const MAX_THRESHOLDS: usize = 7;

/// Rank of every token: distance from the zero token, capped.
pub(crate) fn ranks(bins: &Bins) -> [u8; 256] {
    let mut ranks = [MAX_RANK; 256];
    for (t, rank) in ranks.iter_mut().enumerate().take(bins.list().len()) {
        *rank = t.abs_diff(bins.zero()).min(usize::from(MAX_RANK)) as u8;
    }
    ranks
}

/// Context of every rank sum: the number of thresholds it reaches.
pub(crate) fn map(thresholds: &[u8]) -> [u8; SUMS] {
    let mut map = [0; SUMS];
    for (sum, context) in map.iter_mut().enumerate() {
        *context = thresholds.iter().filter(|&&t| sum >= usize::from(t)).count() as u8;
    }
    map
}

/// Reads 1–7 thresholds, strictly ascending from 1 up to 126.
pub(crate) fn read(r: &mut Reader<'_>) -> Result<Vec<u8>> {
    let start = r.pos();
    let count = usize::from(r.u8(Field::Contexts)?);
    if count == 0 || count > MAX_THRESHOLDS {
        return r.fail(ErrorCode::Corrupt, Field::Contexts, count as u64);
    }
    let thresholds = r.take(count, Field::Contexts)?;
    if thresholds[0] == 0 || thresholds[count - 1] as usize >= SUMS || thresholds.windows(2).any(|w| w[0] >= w[1]) {
        return r.fail(ErrorCode::Corrupt, Field::Contexts, u64::from(thresholds[0]));
    }
    r.note(Field::Contexts, start, count as f64 + 1.0);
    Ok(thresholds.to_vec())
}
