//! Planes side by side: a lane each, so that neighbours in a plane become rows of lanes (spec § Contexts).

use crate::dispatch::twins;

/// Lanes of a row; where there are fewer planes, the rest is padding.
pub const LANES: usize = 32;

/// Whether planes are transposed tile by tile: four times as fast, and far too much code for a WASM file.
const TILES: bool = !cfg!(target_arch = "wasm32");
/// Whether a row is handled as a whole, padding included: what vectors want.
const VECTORS: bool = cfg!(any(not(target_arch = "wasm32"), feature = "simd128"));

/// A row of lanes as four words.
type Row = [u64; 4];

/// Exchanges the high halves of `a` with the low halves of `b`, in units of `shift` bits.
#[inline(always)]
fn exchange(rows: &mut [Row; 8], a: usize, b: usize, shift: u32, mask: u64) {
    let (first, second) = rows.split_at_mut(b);
    for (x, y) in first[a].iter_mut().zip(&mut second[0]) {
        let t = (*x >> shift ^ *y) & mask;
        *y ^= t;
        *x ^= t << shift;
    }
}

/// Transposes the four 8 × 8 tiles of bytes that eight rows hold; twice is nothing.
#[inline(always)]
fn transpose(rows: &mut [Row; 8]) {
    for i in 0..4 {
        exchange(rows, i, i + 4, 32, 0xffff_ffff);
    }
    for i in [0, 1, 4, 5] {
        exchange(rows, i, i + 2, 16, 0x0000_ffff_0000_ffff);
    }
    for i in [0, 2, 4, 6] {
        exchange(rows, i, i + 1, 8, 0x00ff_00ff_00ff_00ff);
    }
}

/// Eight bytes as a word.
#[inline(always)]
fn word(bytes: &[u8]) -> u64 {
    let mut b = [0; 8];
    b.copy_from_slice(&bytes[..8]);
    u64::from_le_bytes(b)
}

twins! {
    /// Lays positions `from…` of up to 32 planes of `plane` values side by side, as many as `out` has rows for: value `pos` of
    /// plane `lane` goes to (`pos` − `from`) · 32 + `lane`. Lanes without a plane keep what they hold.
    pub fn interleave(planes: &[u8], plane: usize, from: usize, out: &mut [u8]) {
        let lanes = (planes.len() / plane).min(LANES);
        let count = out.len() / LANES;
        let whole = if TILES && lanes == LANES { count - count % 8 } else { 0 };
        for pos in (0..whole).step_by(8) {
            let mut rows = [[0u64; 4]; 8];
            for (i, row) in rows.iter_mut().enumerate() {
                for (w, word_) in row.iter_mut().enumerate() {
                    *word_ = word(&planes[(8 * w + i) * plane + from + pos..]);
                }
            }
            transpose(&mut rows);
            for (row, out) in rows.iter().zip(out[pos * LANES..].chunks_exact_mut(LANES)) {
                for (w, out) in row.iter().zip(out.chunks_exact_mut(8)) {
                    out.copy_from_slice(&w.to_le_bytes());
                }
            }
        }
        for lane in 0..lanes {
            let tail = &planes[lane * plane + from..][whole..count];
            for (out, &t) in out[whole * LANES..].iter_mut().skip(lane).step_by(LANES).zip(tail) {
                *out = t;
            }
        }
    }

    /// The way back from [`interleave`], whole planes at once.
    pub fn separate(rows: &[u8], plane: usize, out: &mut [u8]) {
        let lanes = (out.len() / plane).min(LANES);
        let whole = if TILES && lanes == LANES { plane - plane % 8 } else { 0 };
        for pos in (0..whole).step_by(8) {
            let mut tile = [[0u64; 4]; 8];
            for (row, from) in tile.iter_mut().zip(rows[pos * LANES..].chunks_exact(LANES)) {
                for (w, from) in row.iter_mut().zip(from.chunks_exact(8)) {
                    *w = word(from);
                }
            }
            transpose(&mut tile);
            for (i, row) in tile.iter().enumerate() {
                for (w, word) in row.iter().enumerate() {
                    out[(8 * w + i) * plane + pos..][..8].copy_from_slice(&word.to_le_bytes());
                }
            }
        }
        for lane in 0..lanes {
            for pos in whole..plane {
                out[lane * plane + pos] = rows[pos * LANES + lane];
            }
        }
    }

    /// Symbols of positions `from…` of planes side by side, where `rows` begins at position `first`: token + base of the lane +
    /// 256 · context, where the context is the number of thresholds that the ranks of the left and the upper neighbour reach
    /// together. A row of `out` has `active` symbols; behind the last one there is room for as many as a row of lanes lacks.
    pub fn symbols(
        rows: &[u8],
        first: usize,
        from: usize,
        plane: Neighbours<'_>,
        bases: &[u16; LANES],
        active: usize,
        out: &mut [u16],
    ) {
        let mut column = from % plane.width;
        let used = if VECTORS { LANES } else { active };
        for (i, begin) in (0..=out.len() - LANES).step_by(active).enumerate() {
            let at = (from - first + i) * LANES;
            // What is beyond the active lanes is overwritten by the next row.
            let out = &mut out[begin..][..LANES];
            let (mut sum, mut context) = ([0u8; LANES], [0u8; LANES]);
            if column > 0 {
                plane.add_ranks(&lanes(&rows[at - LANES..]), &mut sum[..used]);
            }
            if from + i >= plane.width {
                plane.add_ranks(&lanes(&rows[at - plane.width * LANES..]), &mut sum[..used]);
            }
            for &t in plane.thresholds {
                for (c, s) in context[..used].iter_mut().zip(sum) {
                    *c += u8::from(s >= t);
                }
            }
            let tokens = lanes(&rows[at..]);
            for (((o, t), c), base) in out[..used].iter_mut().zip(tokens).zip(context).zip(bases) {
                *o = (u16::from(t) | u16::from(c) << 8) + base;
            }
            column = if column + 1 == plane.width { 0 } else { column + 1 };
        }
    }

    /// Counts symbols: 256 times the table, plus the token. A table has two parts, so that equal neighbours do not wait for
    /// each other.
    pub fn count_symbols(symbols: &[u16], counters: &mut [[u32; 256]]) {
        let mut twos = symbols.chunks_exact(2);
        for s in &mut twos {
            counters[usize::from(s[0] >> 8) * 2][usize::from(s[0] & 255)] += 1;
            counters[usize::from(s[1] >> 8) * 2 + 1][usize::from(s[1] & 255)] += 1;
        }
        for &s in twos.remainder() {
            counters[usize::from(s >> 8) * 2][usize::from(s & 255)] += 1;
        }
    }
}

/// A row of lanes.
#[inline(always)]
fn lanes(rows: &[u8]) -> [u8; LANES] {
    let mut row = [0; LANES];
    row.copy_from_slice(&rows[..LANES]);
    row
}

/// How neighbours make a context.
#[derive(Clone, Copy)]
pub struct Neighbours<'a> {
    /// Values of a plane's line.
    pub width: usize,
    /// The zero token, from which ranks count.
    pub zero: u8,
    /// Cap on a rank.
    pub most: u8,
    /// Rank sums from which on the next context begins, ascending.
    pub thresholds: &'a [u8],
}

impl Neighbours<'_> {
    #[inline(always)]
    fn add_ranks(&self, tokens: &[u8; LANES], sum: &mut [u8]) {
        for (s, &t) in sum.iter_mut().zip(tokens) {
            *s += distance(t, self.zero).min(self.most);
        }
    }
}

/// |a − b|; written so that bytes stay bytes in a vector.
#[inline(always)]
pub(crate) fn distance(a: u8, b: u8) -> u8 {
    a.saturating_sub(b) | b.saturating_sub(a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn there_and_back() {
        for plane in 1..70 {
            for lanes in [1, 2, 31, 32] {
                let planes: Vec<u8> = (0..plane * lanes).map(|i| (i * 7 % 251) as u8).collect();
                let mut rows = vec![0; plane * LANES];
                interleave(&planes, plane, 0, &mut rows);
                for lane in 0..lanes {
                    for pos in 0..plane {
                        assert_eq!(rows[pos * LANES + lane], planes[lane * plane + pos]);
                    }
                }
                let mut back = vec![0; planes.len()];
                separate(&rows, plane, &mut back);
                assert_eq!(back, planes);
            }
        }
    }
}
