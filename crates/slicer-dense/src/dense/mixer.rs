//! Adaptive probabilities and their logistic mix, in integers (spec § 18.2).

use super::range::RangeCoder;
use alloc::boxed::Box;

/// 65536 / (1 + e^−x) for x = −8, −7.5 … 8.
const SIGMOID: [u16; 33] = [
    22, 36, 60, 98, 162, 267, 440, 720, 1179, 1919, 3108, 4971, 7812, 11956, 17625, 24743, 32768, 40793, 47911, 53580,
    57724, 60565, 62428, 63617, 64357, 64816, 65096, 65269, 65374, 65438, 65476, 65500, 65514,
];
/// Largest magnitude of a stretched probability, in 1/256.
const LIMIT: i32 = 2047;
/// Observations after which a probability adapts no slower.
const SLOWEST: u32 = 255;
/// A probability of one half that has seen nothing.
const FRESH: u32 = 1 << 31;
/// Smallest probability that is coded, in 1/65536.
const FLOOR: i32 = 32;

/// Probability in 1/65536 of a value in the logistic domain, in 1/256.
#[inline]
fn squash(x: i32) -> i32 {
    let x = x.clamp(-LIMIT, LIMIT) + 2048;
    let (i, w) = ((x >> 7) as usize, x & 127);
    (i32::from(SIGMOID[i]) * (128 - w) + i32::from(SIGMOID[i + 1]) * w + 64) >> 7
}

/// Look-ups shared by all segments.
pub struct Curves {
    /// Logistic domain of a probability in 1/4096.
    stretch: [i16; 4096],
    /// Step of an update after n observations, in 1/65536.
    rate: [u16; SLOWEST as usize + 1],
}

impl Curves {
    /// Builds them from the sigmoid.
    pub fn new() -> Box<Self> {
        let mut curves = Box::new(Self {
            stretch: [LIMIT as i16; 4096],
            rate: [0; SLOWEST as usize + 1],
        });
        let mut next = 0;
        for x in -LIMIT..=LIMIT {
            let p = (squash(x) >> 4) as usize;
            while next <= p {
                curves.stretch[next] = x as i16;
                next += 1;
            }
        }
        for (n, rate) in curves.rate.iter_mut().enumerate() {
            let d = 10 * n as u32 + 16;
            *rate = ((655_360 * 2 + d) / (2 * d)) as u16;
        }
        curves
    }
}

/// An adaptive probability: 22 bits of it, 10 bits of observations.
#[derive(Clone, Copy)]
pub struct Slot(u32);

impl Default for Slot {
    fn default() -> Self {
        Self(FRESH)
    }
}

impl Slot {
    #[inline]
    fn stretched(self, curves: &Curves) -> i32 {
        i32::from(curves.stretch[(self.0 >> 20) as usize])
    }

    #[inline]
    fn update(&mut self, bit: bool, curves: &Curves) {
        let (p, n) = (self.0 >> 10, self.0 & 1023);
        let target = if bit { 1 << 22 } else { 0 };
        let rate = i64::from(curves.rate[n as usize]);
        let p = i64::from(p) + (((i64::from(target) - i64::from(p)) * rate) >> 16);
        self.0 = (p.min((1 << 22) - 1) as u32) << 10 | (n + 1).min(SLOWEST);
    }

    /// Codes a bit with this probability alone.
    #[inline(always)]
    pub fn code(&mut self, coder: &mut RangeCoder<'_>, bit: bool, curves: &Curves) -> bool {
        let one = ((self.0 >> 16) as i32).clamp(FLOOR, 65536 - FLOOR);
        let bit = coder.code(one as u32, bit);
        self.update(bit, curves);
        bit
    }
}

/// Codes a bit with the mix of N probabilities under one set of weights (65536 = 1), and lets both learn from it.
#[inline(always)]
pub fn mix<const N: usize>(
    coder: &mut RangeCoder<'_>,
    bit: bool,
    curves: &Curves,
    slots: &mut [Slot],
    at: [usize; N],
    weights: &mut [i32; N],
    rate: u32,
) -> bool {
    let mut seen = [Slot::default(); N];
    let mut inputs = [0; N];
    for ((slot, input), &i) in seen.iter_mut().zip(&mut inputs).zip(&at) {
        *slot = slots[i];
        *input = slot.stretched(curves);
    }
    let mut sum = 0i64;
    for (&w, &x) in weights.iter().zip(&inputs) {
        sum += i64::from(w) * i64::from(x);
    }
    let one = squash((sum >> 16).clamp(-i64::from(LIMIT), i64::from(LIMIT)) as i32).clamp(FLOOR, 65536 - FLOOR);
    let bit = coder.code(one as u32, bit);
    let error = if bit { 65536 - one } else { -one };
    for (w, &x) in weights.iter_mut().zip(&inputs) {
        *w = (*w + ((error * x + (1 << (rate - 1))) >> rate)).clamp(-(1 << 20), 1 << 20);
    }
    // The sets of contexts are disjoint: no slot is written twice.
    for (slot, &i) in seen.iter_mut().zip(&at) {
        slot.update(bit, curves);
        slots[i] = *slot;
    }
    bit
}
