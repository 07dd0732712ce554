//! What is noted of levels while the bins are still open: how often each occurs, or enough of them, and how far they reach.

use alloc::vec::Vec;

/// Levels beyond ±this are only counted while the bins are still open, and made again afterwards.
pub(super) const NEAR: i32 = 126;

/// Notes on levels that are kept as bytes, clamped to ±(`NEAR` + 1).
#[derive(Default)]
pub(super) struct Tally {
    /// Bits of the offsets of levels beyond ±`NEAR`.
    pub far_bits: u64,
    pub lowest: i32,
    pub highest: i32,
    /// Partial histograms by level in two's complement.
    partial: Vec<[u32; 256]>,
}

impl Tally {
    /// Starts over.
    pub fn clear(&mut self) {
        (self.far_bits, self.lowest, self.highest) = (0, 0, 0);
        self.partial.clear();
    }

    /// Writes levels as bytes; of `stride` one is counted.
    pub fn push(&mut self, levels: &[i32], stride: usize, near: &mut [u8]) {
        let (lowest, highest) = slicer_kernels::narrow(levels, NEAR as i8 + 1, near);
        self.reach(lowest, highest);
        if lowest < -NEAR || highest > NEAR {
            let far = levels.iter().map(|k| k.unsigned_abs()).filter(|&k| k > NEAR as u32);
            self.far_bits += far.map(|k| u64::from(k.ilog2())).sum::<u64>();
        }
        self.count(near, stride);
    }

    /// The same with cells, which are quantised; `false`, and nothing noted, where a level is far.
    pub fn quantise(&mut self, cells: &[[u8; 4]], inverse: f32, bias: f32, stride: usize, near: &mut [u8]) -> bool {
        if slicer_kernels::quantise_bytes(cells, inverse, bias, near) >= NEAR as f32 + 0.5 {
            return false;
        }
        let (lowest, highest) = slicer_kernels::range(near);
        self.reach(lowest.into(), highest.into());
        self.count(near, stride);
        true
    }

    fn reach(&mut self, lowest: i32, highest: i32) {
        self.lowest = self.lowest.min(lowest);
        self.highest = self.highest.max(highest);
    }

    fn count(&mut self, near: &[u8], stride: usize) {
        self.partial.resize(4, [0; 256]);
        if let Some(partial) = self.partial.first_chunk_mut() {
            slicer_kernels::count(&near[..near.len().div_ceil(stride)], partial);
        }
    }

    /// Adds what another has noted.
    pub fn add(&mut self, other: &Self) {
        self.far_bits += other.far_bits;
        self.reach(other.lowest, other.highest);
        self.partial
            .resize(other.partial.len().max(self.partial.len()), [0; 256]);
        let sums = self.partial.as_flattened_mut().iter_mut();
        sums.zip(other.partial.as_flattened()).for_each(|(sum, n)| *sum += n);
    }

    /// How often levels −127 (and all below) … 127 (and all above) occur, about, if one of `stride` was counted.
    pub fn histogram(&self, stride: usize, out: &mut Vec<u32>) {
        let count = |level: i32| -> u32 { self.partial.iter().map(|p| p[usize::from(level as u8)]).sum() };
        let levels = -NEAR - 1..=NEAR + 1;
        out.clear();
        out.extend(levels.map(|level| count(level) * stride as u32));
    }
}
