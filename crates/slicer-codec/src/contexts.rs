//! Neighbour contexts: which table a token uses, from its left and upper neighbours in the plane (spec § Contexts).

use crate::bins::Bins;
use crate::bytes::Reader;
use crate::error::{ErrorCode, Field, Result};
use slicer_kernels::planes::Neighbours;

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

/// How neighbours in lines of `width` values make contexts.
pub(crate) fn neighbours<'a>(bins: &Bins, width: usize, thresholds: &'a [u8]) -> Neighbours<'a> {
    Neighbours {
        width,
        zero: bins.zero() as u8,
        most: MAX_RANK,
        thresholds,
    }
}

/// Context of every rank sum: the number of thresholds it reaches.
pub(crate) fn map(thresholds: &[u8]) -> [u8; SUMS] {
    let mut map = [0; SUMS];
    for (sum, context) in map.iter_mut().enumerate() {
        *context = thresholds.iter().filter(|&&t| sum >= usize::from(t)).count() as u8;
    }
    map
}

/// Context thresholds: ascending rank sums, at most [`MAX_THRESHOLDS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thresholds {
    count: u8,
    values: [u8; MAX_THRESHOLDS],
}

impl Thresholds {
    /// Takes up to seven thresholds; the rest is dropped.
    #[cfg(feature = "encode")]
    pub(crate) fn of(thresholds: &[u8]) -> Self {
        let mut own = Self::default();
        for (slot, &t) in own.values.iter_mut().zip(thresholds) {
            *slot = t;
            own.count += 1;
        }
        own
    }

    /// The thresholds in use.
    pub fn as_slice(&self) -> &[u8] {
        &self.values[..usize::from(self.count)]
    }

    /// True without contexts.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Reads 1–7 thresholds, strictly ascending from 1 up to 126.
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self> {
        let start = r.pos();
        let count = r.u8(Field::Contexts)?;
        if count == 0 || usize::from(count) > MAX_THRESHOLDS {
            return r.fail(ErrorCode::Corrupt, Field::Contexts, count.into());
        }
        let (mut values, mut previous) = ([0; MAX_THRESHOLDS], 0);
        for (slot, &t) in values.iter_mut().zip(r.take(usize::from(count), Field::Contexts)?) {
            if t <= previous || usize::from(t) >= SUMS {
                return r.fail(ErrorCode::Corrupt, Field::Contexts, t.into());
            }
            (*slot, previous) = (t, t);
        }
        r.note(Field::Contexts, start, f64::from(count) + 1.0);
        Ok(Self { count, values })
    }
}
