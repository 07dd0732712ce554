//! Interleaved rANS: 32-bit states, 16-bit words, static tables (spec § rANS).
//!
//! Asymmetric numeral systems: J. Duda, arXiv 1311.2540 (2013). A state x ≥ 2^15 decodes a token from its low bits,
//! then takes a 16-bit word whenever it fell below 2^15.

pub(crate) mod decode;
#[cfg(all(feature = "std", target_arch = "x86_64"))]
mod decode_avx2;
#[cfg(all(target_arch = "wasm32", feature = "simd128"))]
mod decode_simd128;
#[cfg(feature = "encode")]
pub(crate) mod encode;
#[cfg(all(feature = "encode", feature = "std", target_arch = "x86_64"))]
mod encode_avx2;
#[cfg(all(feature = "encode", target_arch = "wasm32", feature = "simd128"))]
mod encode_simd128;

/// Lower bound of a normalised state.
pub(crate) const LOWER: u32 = 1 << 15;

/// State in which a single-lane encoder starts, and which its decoder must end in.
///
/// With one lane no word can be outstanding while the state is small, so the encoder need not begin at [`LOWER`]: this saves
/// almost two bytes a frame, 1 % of a typical token.
pub(crate) const SINGLE_START: u32 = 1;

/// Which table each of a run of values has.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    /// Of every value that `each` does not have.
    pub one: usize,
    pub each: &'a [u8],
}

impl<'a> Values<'a> {
    /// A table for each.
    pub fn each(each: &'a [u8]) -> Self {
        Self { one: 0, each }
    }

    /// Table of value `i`.
    #[inline(always)]
    pub fn of(&self, i: usize) -> usize {
        self.each.get(i).map_or(self.one, |&table| table.into())
    }

    /// Those from value `i` on.
    pub fn from(self, i: usize) -> Self {
        Self {
            each: self.each.get(i..).unwrap_or(&[]),
            ..self
        }
    }

    /// True if `length` values have their tables in `each`, or all in `one`, and these are among the first `count`.
    #[cfg(any(
        all(feature = "std", target_arch = "x86_64"),
        all(target_arch = "wasm32", feature = "simd128")
    ))]
    #[inline(never)]
    pub fn fit(&self, length: usize, count: usize) -> bool {
        let last = usize::from(slicer_kernels::largest(self.each));
        (self.each.is_empty() || self.each.len() >= length) && self.one.max(last) < count
    }
}

#[cfg(all(test, feature = "encode"))]
mod tests {
    use super::{Values, decode, encode};
    use crate::bins::{Bins, Uniform};
    use crate::tables::{TableSource, Tables};
    use alloc::vec::Vec;

    /// The single lane's runs against one token at a time, both ways, for all lengths and for tokens of all frequencies.
    #[test]
    fn runs_equal_single_steps() {
        let units = Uniform {
            negative: 15,
            positive: 15,
            negative_escapes: 20,
            positive_escapes: 20,
            ..Uniform::default()
        };
        let bins = Bins::uniform(units, Vec::new()).unwrap();
        let source = TableSource::Family {
            shape: 3,
            first: 4,
            increment: 3,
        };
        let tables = Tables::new(source, 12, 8, &bins, false).unwrap();
        let (mut symbols, mut slots) = (encode::SymbolTables::default(), decode::SlotTables::default());
        symbols.build(&tables);
        slots.build(&tables).unwrap();
        let mut state = 1u32;
        let mut below = |n: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % n
        };
        for n in (0..258).chain([3000]) {
            let tokens: Vec<u8> = (0..n)
                .map(|_| match below(20) {
                    0 => below(71) as u8,
                    _ => (31 + below(9)) as u8,
                })
                .collect();
            let each: Vec<u8> = (0..n).map(|_| below(8) as u8).collect();
            for each in [&[], &each[..]] {
                let classes = Values { one: 5, each };
                let mut run = encode::SingleLane::new(&symbols, Vec::new(), n, 0);
                run.tokens(&tokens, classes);
                let mut steps = encode::SingleLane::new(&symbols, Vec::new(), n, 0);
                for (i, &token) in tokens.iter().enumerate().rev() {
                    steps.token(classes.of(i) as u16 * 256 + u16::from(token));
                }
                let (mut bytes, mut expected) = (Vec::new(), Vec::new());
                run.finish(&mut bytes);
                steps.finish(&mut expected);
                assert_eq!(bytes, expected);
                let mut back = alloc::vec![0; n];
                for plain in [(0, 256), bins.plain(), (0, 0)] {
                    let mut lane = decode::SingleLane::open(&slots, &bytes, 0).unwrap();
                    let mut at = 0;
                    while at < n {
                        at += lane.run(classes.from(at), plain, &mut back[at..]);
                    }
                    lane.finish().unwrap();
                    assert_eq!(back, tokens);
                }
                let mut lane = decode::SingleLane::open(&slots, &bytes, 0).unwrap();
                let single: Vec<u8> = (0..n).map(|i| lane.token(classes.of(i))).collect();
                lane.finish().unwrap();
                assert_eq!(single, tokens);
            }
        }
    }
}
