//! Damage: random, but never twice the same by accident.

use slicer_codec::crc32c;

/// A small generator of random numbers (xorshift64*).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// A number below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// A position in `bytes`: seldom in magic and version, often in the fields behind them.
    fn position(&mut self, bytes: &[u8]) -> usize {
        let (from, to) = match self.below(32) {
            0 => (0, 6),
            1..=16 => (6, 54),
            _ => (6, usize::MAX),
        };
        let to = to.min(bytes.len());
        if from < to {
            from + self.below(to - from)
        } else {
            self.below(bytes.len())
        }
    }
}

/// One to three mutations; `other` lends its bytes to splices.
pub fn mutate(bytes: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..[1, 1, 1, 1, 2, 3][random.below(6)] {
        once(&mut out, other, random);
    }
    out
}

fn once(out: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    if out.is_empty() {
        out.extend_from_slice(other);
        return;
    }
    let at = random.position(out);
    let end = (at + 1 + random.below(8)).min(out.len());
    match random.below(12) {
        0..=4 => out[at] ^= 1 << random.below(8),
        5 => out[at] = [0, 1, 0x7f, 0x80, 0xff, 0x20, 0x40][random.below(7)],
        6 => drop(out.drain(at..end)),
        7 => {
            let new: Vec<u8> = (at..end).map(|_| random.next() as u8).collect();
            out.splice(at..at, new);
        }
        8 => {
            let copy = out[at..end].to_vec();
            out.splice(at..at, copy);
        }
        9 => {
            out.truncate(at);
            out.extend_from_slice(&other[random.below(other.len() + 1)..]);
        }
        10 => {
            // A length, a count or a dim that promises more than there is.
            let value = [1u64 << 7, 1 << 14, 1 << 20, 1 << 27, (1 << 31) - 1, (1 << 32) - 1][random.below(6)];
            out.splice(at..at + 1, varint(value - random.below(2) as u64));
        }
        _ => out.truncate(at),
    }
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 128 {
        out.push(value as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// Makes the last four bytes the checksum of those before them, so that damage reaches the fields behind it.
pub fn seal(bytes: &mut Vec<u8>) {
    bytes.truncate(bytes.len().saturating_sub(4));
    let crc = crc32c(bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
}
