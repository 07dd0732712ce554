//! rANS encoding: the decoder's steps in reverse, division by reciprocal (spec § rANS).

use super::{LOWER, SINGLE_START, Values};
use crate::coding::Lanes;
use crate::tables::Tables;
use alloc::vec::Vec;
use core::hint::select_unpredictable;

/// What encoding one token of one table takes: sixteen bytes that the SIMD twins load at once.
#[derive(Clone, Copy, Default)]
#[repr(C, align(16))]
pub(super) struct Symbol {
    /// Largest state that need not shed a word.
    last: u32,
    /// Fixed-point reciprocal of the frequency, 2^(32 + shift) / frequency rounded up; exact for states below 2^31.
    reciprocal: u32,
    bias: u32,
    complement: u16,
    /// 2^(15 − shift): a product serves where a vector has no shift per lane.
    scale: u16,
}

/// Encoder tables of one setup; a symbol is table · 256 + token.
#[derive(Default)]
pub(crate) struct SymbolTables {
    pub(super) symbols: Vec<Symbol>,
}

impl SymbolTables {
    /// Prepares all tables, reusing memory.
    pub fn build(&mut self, tables: &Tables) {
        let p = tables.precision;
        self.symbols.clear();
        self.symbols.resize(tables.count * 256, Symbol::default());
        for t in 0..tables.count {
            let mut start = 0u32;
            for (token, &f) in tables.table(t).iter().enumerate() {
                let f = u32::from(f);
                if f == 0 {
                    continue;
                }
                let (reciprocal, shift, bias) = if f == 1 {
                    (u32::MAX, 0, start + (1 << p) - 1)
                } else {
                    let shift = 32 - (f - 1).leading_zeros();
                    ((1u64 << (shift + 31)).div_ceil(u64::from(f)) as u32, shift - 1, start)
                };
                self.symbols[t * 256 + token] = Symbol {
                    last: (f << (31 - p)) - 1,
                    reciprocal,
                    bias,
                    complement: ((1 << p) - f) as u16,
                    scale: 1 << (15 - shift),
                };
                start += f;
            }
        }
    }
}

/// The state after a symbol, for a state that has shed what it must.
#[inline(always)]
fn step(x: u32, s: &Symbol) -> u32 {
    let high = (u64::from(x) * u64::from(s.reciprocal)) >> 32;
    let q = ((high * u64::from(s.scale)) >> 15) as u32;
    x + s.bias + q * u32::from(s.complement)
}

/// One state that sheds words. Whether it does is a coin toss, so the word is stored in any case and a select keeps it.
#[inline(always)]
fn push(x: &mut u32, s: &Symbol, words: &mut [u16], at: &mut usize) {
    let sheds = *x > s.last;
    words[*at - 1] = *x as u16;
    *at -= usize::from(sheds);
    let y = select_unpredictable(sheds, *x >> 16, *x);
    *x = step(y, s);
}

/// Words a stream has room for beyond those that its symbols can shed.
pub(super) const SPARE: usize = 8;

/// The multi-lane encoder and its reusable memory. Rows of lanes are pushed last row first.
#[derive(Default)]
pub(crate) struct Encoder {
    pub(super) words: [Vec<u16>; 4],
    pub(super) at: [usize; 4],
    pub(super) states: [u32; 32],
    lanes: Option<Lanes>,
}

impl Encoder {
    /// Starts a segment of at most `rows` rows.
    pub fn begin(&mut self, lanes: Lanes, rows: usize) {
        // Each state sheds at most one word per symbol; up to eight more are stored before they are known to be kept.
        let room = rows * lanes.width + SPARE;
        for (words, at) in self.words.iter_mut().zip(&mut self.at).take(lanes.streams) {
            // What a longer segment left in the buffer is never read: words are written from its end downwards.
            if words.len() < room {
                words.resize(room, 0);
            }
            *at = words.len();
        }
        self.states = [LOWER; 32];
        self.lanes = Some(lanes);
    }

    /// Pushes rows of `active` lanes each; only the very last row of the segment may be shorter.
    pub fn rows(&mut self, tables: &SymbolTables, symbols: &[u16], active: usize) {
        let Some(lanes) = self.lanes else { return };
        let whole = symbols.len() - symbols.len() % active;
        let (whole, tail) = symbols.split_at(whole);
        self.row(tables, tail, lanes.width);
        match (active == lanes.total(), active) {
            (true, 32) => self.whole::<4, 8>(tables, whole),
            (true, 8) => self.whole::<1, 8>(tables, whole),
            (true, 4) => self.whole::<1, 4>(tables, whole),
            _ => whole
                .chunks_exact(active)
                .rev()
                .for_each(|row| self.row(tables, row, lanes.width)),
        }
    }

    fn row(&mut self, tables: &SymbolTables, row: &[u16], width: usize) {
        for (lane, &s) in row.iter().enumerate().rev() {
            let stream = lane / width;
            let symbol = &tables.symbols[usize::from(s)];
            push(
                &mut self.states[lane],
                symbol,
                &mut self.words[stream],
                &mut self.at[stream],
            );
        }
    }

    fn whole<const S: usize, const W: usize>(&mut self, tables: &SymbolTables, symbols: &[u16]) {
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        if W == 8 && super::encode_avx2::available() {
            return super::encode_avx2::run::<S>(self, tables, symbols);
        }
        #[cfg(all(target_arch = "wasm32", feature = "simd128"))]
        if W == 8 {
            return super::encode_simd128::run(self, tables, symbols, S);
        }
        self.portable::<S, W>(tables, symbols);
    }

    pub(super) fn portable<const S: usize, const W: usize>(&mut self, tables: &SymbolTables, symbols: &[u16]) {
        // Streams do not interact, so each is run on its own: eight states stay in registers.
        for s in 0..S {
            let mut local = [0u32; W];
            local.copy_from_slice(&self.states[s * W..(s + 1) * W]);
            let words = &mut self.words[s][..];
            let mut end = self.at[s];
            for row in symbols.chunks_exact(S * W).rev() {
                let row = &row[s * W..(s + 1) * W];
                for lane in (0..W).rev() {
                    push(
                        &mut local[lane],
                        &tables.symbols[usize::from(row[lane])],
                        words,
                        &mut end,
                    );
                }
            }
            self.states[s * W..(s + 1) * W].copy_from_slice(&local);
            self.at[s] = end;
        }
    }

    /// Bytes of stream `s`.
    pub fn len(&self, s: usize) -> usize {
        let Some(lanes) = self.lanes else { return 0 };
        4 * lanes.width + 2 * (self.words[s].len() - self.at[s])
    }

    /// Appends stream `s`: states, then words in decoding order.
    pub fn write(&self, s: usize, out: &mut Vec<u8>) {
        let Some(lanes) = self.lanes else { return };
        for x in &self.states[s * lanes.width..(s + 1) * lanes.width] {
            out.extend(x.to_le_bytes());
        }
        out.extend(self.words[s][self.at[s]..].iter().flat_map(|w| w.to_le_bytes()));
    }
}

/// The single lane: tokens and offset bits in one state, pushed last value first.
pub(crate) struct SingleLane<'a> {
    tables: &'a SymbolTables,
    /// Words in decoding order, from `at` on.
    words: Vec<[u8; 2]>,
    at: usize,
    x: u32,
}

impl<'a> SingleLane<'a> {
    /// Starts a segment of so many tokens and offsets; `words` is an old buffer.
    pub fn new(tables: &'a SymbolTables, mut words: Vec<[u8; 2]>, tokens: usize, offsets: usize) -> Self {
        // A token sheds a word at most, an offset three; one more is stored before it is known to be kept.
        let room = tokens + 3 * offsets + 1;
        // What a longer segment left in the buffer is never read: words are written from its end downwards.
        if words.len() < room {
            words.resize(room, [0; 2]);
        }
        let at = words.len();
        Self {
            tables,
            words,
            at,
            x: SINGLE_START,
        }
    }

    /// Pushes tokens, the last first, each by the table that is its class.
    ///
    /// Nothing counts here but the way from one state to the next: whether a state sheds a word is settled while it is
    /// multiplied, and a quotient that was not shed before is shed after, which is the same:
    /// ⌊⌊x / f⌋ / 2^16⌋ = ⌊⌊x / 2^16⌋ / f⌋.
    #[inline(never)]
    pub fn tokens(&mut self, tokens: &[u8], classes: Values<'_>) {
        let tables = self.tables.symbols.as_chunks::<256>().0;
        let one = &tables[classes.one];
        let (words, mut at, mut x) = (&mut self.words[..], self.at, self.x);
        for (i, &token) in tokens.iter().enumerate().rev() {
            let table = classes.each.get(i).map_or(one, |&class| &tables[usize::from(class)]);
            let s = &table[usize::from(token)];
            words[at - 1] = (x as u16).to_le_bytes();
            let sheds = x > s.last;
            at -= usize::from(sheds);
            let rest = select_unpredictable(sheds, x >> 16, x);
            if s.reciprocal == u32::MAX {
                // Frequency 1, for which the quotient is one too small.
                x = step(rest, s);
                continue;
            }
            let shift = 47 - s.scale.trailing_zeros();
            let shift = select_unpredictable(sheds, shift + 16, shift);
            let q = ((u64::from(x) * u64::from(s.reciprocal)) >> shift) as u32;
            x = rest + s.bias + q * u32::from(s.complement);
        }
        (self.x, self.at) = (x, at);
    }

    /// Pushes a symbol, which is table · 256 + token.
    #[inline]
    pub fn token(&mut self, symbol: u16) {
        let s = &self.tables.symbols[usize::from(symbol)];
        if self.x > s.last {
            self.shed();
        }
        self.x = step(self.x, s);
    }

    fn shed(&mut self) {
        self.at -= 1;
        self.words[self.at] = (self.x as u16).to_le_bytes();
        self.x >>= 16;
    }

    /// Pushes the offset that follows a token; call it before [`Self::token`].
    pub fn offset(&mut self, value: u32, n: u32) {
        let mut have = n;
        while have > 0 {
            let take = (have - 1) % 15 + 1;
            have -= take;
            if self.x >= 1 << (31 - take) {
                self.shed();
            }
            self.x = self.x << take | (value >> have & ((1 << take) - 1));
        }
    }

    /// Writes state and words; returns the buffer.
    pub fn finish(self, out: &mut Vec<u8>) -> Vec<[u8; 2]> {
        let state = self.x.to_le_bytes();
        out.extend_from_slice(if self.x < 1 << 24 { &state[..3] } else { &state });
        out.extend_from_slice(self.words[self.at..].as_flattened());
        self.words
    }
}
