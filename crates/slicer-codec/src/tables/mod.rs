//! Frequency tables: where they come from and how weights become frequencies (spec § Tables).

mod family;
mod inline;

use crate::bins::Bins;
use crate::bytes::Reader;
#[cfg(feature = "encode")]
use crate::bytes::put_varint;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::limits::{Account, MAX_TABLES, MAX_TOKENS};
use alloc::vec::Vec;

#[cfg(feature = "encode")]
pub(crate) use family::{SCALES, SHAPES};
#[cfg(feature = "encode")]
pub(crate) use inline::{coded_bits, quantise};

/// Probability precisions by code.
const PRECISIONS: [u32; 4] = [12, 11, 10, 9];

/// Where the tables of a setup come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableSource {
    /// Log-frequencies of every token of every table.
    Inline,
    /// The built-in family: one shape, scales in arithmetic progression.
    Family {
        /// Tail shape 0–3, heavy to light.
        shape: u8,
        /// Scale index of the first table.
        first: u8,
        /// Scale step from table to table.
        increment: u8,
    },
}

/// The tables of one setup, `count` × `tokens` frequencies that sum to 2^precision each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Source, as written.
    pub source: TableSource,
    /// log2 of the sum of every table.
    pub precision: u32,
    /// Number of tables, 1–128.
    pub count: usize,
    tokens: usize,
    frequencies: Vec<u16>,
    /// Of inline tables, in quarter octaves; 0 = token absent.
    pub(crate) logs: Vec<u8>,
}

impl Default for Tables {
    fn default() -> Self {
        Self::empty(TableBuffers::default())
    }
}

/// Buffers of tables that are no longer needed.
#[derive(Default)]
pub(crate) struct TableBuffers {
    frequencies: Vec<u16>,
    logs: Vec<u8>,
}

impl Tables {
    /// No tables, on buffers for later ones.
    pub(crate) fn empty(mut buffers: TableBuffers) -> Self {
        buffers.frequencies.clear();
        buffers.logs.clear();
        Self {
            source: TableSource::Inline,
            precision: PRECISIONS[0],
            count: 0,
            tokens: 0,
            frequencies: buffers.frequencies,
            logs: buffers.logs,
        }
    }

    /// Tables of the built-in family; see [`Self::expand`].
    #[cfg(any(feature = "encode", test))]
    pub fn new(
        source: TableSource,
        precision: u32,
        count: usize,
        bins: &Bins,
        trellis: bool,
    ) -> core::result::Result<Self, ErrorCode> {
        debug_assert!(source != TableSource::Inline, "inline tables come from their logs");
        let mut tables = Self::empty(TableBuffers::default());
        tables.expand(source, precision, count, bins, trellis)?;
        Ok(tables)
    }

    /// Makes the tables of a source, of `logs` where they are inline; with a trellis every second table is for union 1. `Err` if a
    /// table has no mass or a family index is out of range.
    pub(crate) fn expand(
        &mut self,
        source: TableSource,
        precision: u32,
        count: usize,
        bins: &Bins,
        trellis: bool,
    ) -> core::result::Result<(), ErrorCode> {
        let tokens = bins.list().len();
        if count == 0 || count > MAX_TABLES || !PRECISIONS.contains(&precision) {
            return Err(ErrorCode::BadTable);
        }
        if source != TableSource::Inline {
            self.logs.clear();
        }
        self.frequencies.clear();
        self.frequencies.resize(count * tokens, 0);
        let mut weights = [0u64; MAX_TOKENS];
        let weights = &mut weights[..tokens];
        for (t, table) in self.frequencies.chunks_exact_mut(tokens).enumerate() {
            match source {
                TableSource::Inline => inline::weights(&self.logs[t * tokens..][..tokens], weights)?,
                TableSource::Family {
                    shape,
                    first,
                    increment,
                } => {
                    let (scale, union) = if trellis { (t / 2, t % 2) } else { (t, 0) };
                    let scale = u32::from(first) + scale as u32 * u32::from(increment);
                    family::weights(bins, shape, scale, union, weights)?;
                }
            }
            normalise(weights, precision, table);
        }
        (self.source, self.precision, self.count, self.tokens) = (source, precision, count, tokens);
        Ok(())
    }

    /// The buffers, for the next setup.
    pub(crate) fn into_buffers(self) -> TableBuffers {
        TableBuffers {
            frequencies: self.frequencies,
            logs: self.logs,
        }
    }

    /// Frequencies of table `t`, one per token.
    pub fn table(&self, t: usize) -> &[u16] {
        &self.frequencies[t * self.tokens..][..self.tokens]
    }

    pub(crate) fn read(
        r: &mut Reader<'_>,
        bins: &Bins,
        trellis: bool,
        account: &mut Account,
        buffers: TableBuffers,
    ) -> Result<Self> {
        let start = r.pos();
        let head = r.u8(Field::Tables)?;
        if head & 0xf0 != 0 || head & 3 > 1 {
            return Err(Error::new(
                ErrorCode::UnsupportedFeature,
                Field::Tables,
                start,
                head.into(),
            ));
        }
        let precision = PRECISIONS[usize::from(head >> 2 & 3)];
        let count = r.varint(Field::Tables)? as usize;
        if count == 0 || count > MAX_TABLES || trellis && count % 2 == 1 {
            return Err(Error::new(ErrorCode::BadTable, Field::Tables, start, count as u64));
        }
        let tokens = bins.list().len();
        account.charge_bytes((count * (tokens * 2 + (4 << precision))) as u64, Field::Tables, start)?;
        account.charge_work((count * (tokens * 8 + (1 << precision))) as u64, Field::Tables, start)?;
        let mut tables = Self::empty(buffers);
        let source = if head & 3 == 0 {
            let base = r.pos();
            let bytes = r.take(r.remaining(), Field::Tables)?;
            let used = inline::read(bytes, base, count, tokens, &mut tables.logs)?;
            r.rewind(bytes.len() - used);
            TableSource::Inline
        } else {
            let b = r.take(3, Field::Tables)?;
            TableSource::Family {
                shape: b[0],
                first: b[1],
                increment: b[2],
            }
        };
        tables
            .expand(source, precision, count, bins, trellis)
            .map_err(|code| Error::new(code, Field::Tables, start, count as u64))?;
        r.note(Field::Tables, start, count as f64);
        Ok(tables)
    }

    #[cfg(feature = "encode")]
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let precision = PRECISIONS.iter().position(|&p| p == self.precision).unwrap_or(0) as u8;
        match self.source {
            TableSource::Inline => {
                out.push(precision << 2);
                put_varint(out, self.count as u32);
                inline::write(&self.logs, self.tokens, out);
            }
            TableSource::Family {
                shape,
                first,
                increment,
            } => {
                out.push(precision << 2 | 1);
                put_varint(out, self.count as u32);
                out.extend([shape, first, increment]);
            }
        }
    }
}

/// Frequencies of one table of the built-in family, into one per bin; `Err` for a shape or scale there is none of.
#[cfg(feature = "encode")]
pub(crate) fn family_table(
    bins: &Bins,
    shape: u8,
    scale: u8,
    precision: u32,
    out: &mut [u16],
) -> core::result::Result<(), ErrorCode> {
    let mut weights = [0u64; MAX_TOKENS];
    let weights = &mut weights[..bins.list().len()];
    family::weights(bins, shape, scale.into(), 0, weights)?;
    normalise(weights, precision, out);
    Ok(())
}

/// Turns weights into frequencies that sum to 2^precision; every non-zero weight keeps at least 1 (spec § Normalisation).
///
/// Rounded proportional shares; what is missing or left over goes to or comes from the largest share, lowest token first.
pub(crate) fn normalise(weights: &mut [u64], precision: u32, out: &mut [u16]) {
    let total: u64 = weights.iter().sum();
    let shift = (64 - total.leading_zeros()).saturating_sub(48);
    for w in weights.iter_mut() {
        if *w > 0 {
            *w = (*w >> shift).max(1);
        }
    }
    let total: u64 = weights.iter().sum();
    let mut rest = 1i32 << precision;
    for (f, &w) in out.iter_mut().zip(weights.iter()) {
        *f = if w == 0 {
            0
        } else {
            ((((w << (precision + 1)) + total) / (2 * total)) as u16).max(1)
        };
        rest -= i32::from(*f);
    }
    while rest != 0 {
        let mut largest = 0;
        for (i, &f) in out.iter().enumerate() {
            if f > out[largest] {
                largest = i;
            }
        }
        let change = if rest > 0 {
            rest
        } else {
            rest.max(-i32::from(out[largest] / 2))
        };
        out[largest] = (i32::from(out[largest]) + change) as u16;
        rest -= change;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bins::Uniform;

    #[test]
    fn normalise_always_sums() {
        let mut out = [0u16; 256];
        let mut seed = 1u64;
        for case in 0..2000 {
            let n = 1 + case % 256;
            let mut weights: Vec<u64> = (0..n)
                .map(|_| {
                    seed = seed
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    (seed >> 33) >> (seed % 31)
                })
                .collect();
            weights[case % n] |= 1;
            for precision in [9, 12] {
                normalise(&mut weights.clone(), precision, &mut out[..n]);
                assert_eq!(out[..n].iter().map(|&f| u32::from(f)).sum::<u32>(), 1 << precision);
                assert!(out[..n].iter().zip(&weights).all(|(&f, &w)| (f == 0) == (w == 0)));
            }
        }
    }

    #[test]
    fn family_covers_every_index() {
        let units = Uniform {
            negative: 15,
            positive: 15,
            negative_escapes: 20,
            positive_escapes: 20,
            ..Uniform::default()
        };
        let bins = Bins::uniform(units, Vec::new()).unwrap();
        for shape in 0..SHAPES {
            let source = TableSource::Family {
                shape,
                first: 0,
                increment: 1,
            };
            let tables = Tables::new(source, 12, SCALES as usize, &bins, false).unwrap();
            let p0 = |t: usize| tables.table(t)[bins.zero()];
            let row: Vec<u16> = (0..SCALES as usize).map(p0).collect();
            // Rounding leftovers go to the largest share, which is this one: allow it a little.
            assert!(
                row.windows(2).all(|w| w[1] <= w[0] + w[0] / 16 + 2),
                "wider scales give zero less mass: {row:?}"
            );
        }
    }
}
