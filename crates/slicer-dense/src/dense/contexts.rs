//! What the dense coder looks at before a level (spec § 18.3).

use super::Shape;
use alloc::vec::Vec;

/// Probabilities that are mixed for a decision of a magnitude.
pub(super) const INPUTS: usize = 7;
/// Channels with slots of their own; others share.
const CHANNELS: usize = 1024;
/// Contexts of every input, without the union bit.
const COUNTS: [usize; INPUTS] = [12, 64, 32, 64, CHANNELS, 100, 256];
/// Slots of a context: one per decision, and one unused.
const STRIDE: usize = 16;
/// First slot of the signs.
const SIGN: usize = {
    let (mut sum, mut i) = (0, 0);
    while i < INPUTS {
        sum += COUNTS[i] * 2 * STRIDE;
        i += 1;
    }
    sum
};
/// First slot of the escapes.
pub(super) const ESCAPE: usize = SIGN + 9 + 9 * CHANNELS;
/// All slots.
pub(super) const SLOTS: usize = ESCAPE + 32;

/// Largest magnitude a neighbour counts for, and the one a mean does.
const NEIGHBOUR_CAP: u32 = 255;
const MEAN_CAP: u32 = 4095;
/// Values after which a mean forgets.
const MEAN_MEMORY: u32 = 4096;

/// Σ and count of magnitudes.
#[derive(Clone, Copy)]
struct Mean {
    sum: u32,
    count: u32,
}

impl Default for Mean {
    fn default() -> Self {
        Self { sum: 0, count: 1 }
    }
}

impl Mean {
    fn push(&mut self, magnitude: u32) {
        if self.count == MEAN_MEMORY {
            self.sum /= 2;
            self.count /= 2;
        }
        self.sum += magnitude.min(MEAN_CAP);
        self.count += 1;
    }

    /// min(15, h((32 · sum + 16) ÷ count)), without the division: the exponent of a quotient follows from the exponents.
    #[inline]
    fn class(self) -> usize {
        let (a, b) = (32 * self.sum + 16, self.count);
        if a < 2 * b {
            return 0;
        }
        let mut t = b.leading_zeros() - a.leading_zeros();
        if a < b << t {
            t -= 1;
        }
        let next = 2 * a >= 3 * (b << t);
        (2 * t as usize + usize::from(next)).min(15)
    }
}

/// Half octaves of a number: 0 below 2, else twice its binary exponent plus the next bit.
#[inline]
pub fn halves(v: u32) -> usize {
    if v < 2 {
        return 0;
    }
    let top = 31 - v.leading_zeros();
    (2 * top + (v >> (top - 1) & 1)) as usize
}

/// Class of a weighted neighbour sum: how many of 1, 2, 3, 4, 6, 8, 11, 15, 20, 28, 40 it reaches.
#[inline]
pub fn near(sum: u32) -> usize {
    const CLASSES: [u8; 41] = {
        const FROM: [usize; 11] = [1, 2, 3, 4, 6, 8, 11, 15, 20, 28, 40];
        let mut classes = [0; 41];
        let mut i = 0;
        while i < FROM.len() {
            let mut s = FROM[i];
            while s < 41 {
                classes[s] += 1;
                s += 1;
            }
            i += 1;
        }
        classes
    };
    usize::from(CLASSES[sum.min(40) as usize])
}

/// Magnitudes and signs around a level, and the means it belongs to.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    left: u32,
    up: u32,
    up_left: u32,
    up_right: u32,
    before: u32,
    running: u32,
    mean: usize,
    signs: usize,
    channel: usize,
    position: usize,
    pub row_start: bool,
}

/// The slots of a level's decisions.
pub(super) struct Map {
    pub at: [usize; INPUTS],
    pub sign: [usize; 2],
    /// Weight set of the first decision.
    pub weights: usize,
}

impl Map {
    #[inline(always)]
    pub fn new(p: &Place, union: usize) -> Self {
        let side = p.left + p.up;
        let (l, u, d) = (p.left.min(3), p.up.min(3), (p.up_left + p.up_right).min(3));
        let around = (512 * side + 256 * (p.up_left + p.up_right) + p.running) / 7;
        let contexts = [
            near(2 * side + p.up_left + p.up_right),
            p.mean * 4 + side.min(3) as usize,
            halves(p.running >> 4).min(15) / 2 * 4 + p.before.min(3) as usize,
            (l * 16 + u * 4 + d) as usize,
            p.channel,
            p.mean * 10 / 16 * 10 + halves(around >> 3).min(15) * 10 / 16,
            p.position,
        ];
        let (mut at, mut first) = ([0; INPUTS], 0);
        for (i, context) in contexts.into_iter().enumerate() {
            at[i] = first + (context * 2 + union) * STRIDE;
            first += COUNTS[i] * 2 * STRIDE;
        }
        Self {
            at,
            sign: [SIGN + p.signs, SIGN + 9 + 9 * p.channel + p.signs],
            weights: union * 4 + (l + u).min(3) as usize,
        }
    }
}

/// Refills a buffer; `false` if there is no memory.
fn fill<T>(buffer: &mut Vec<T>, len: usize, value: impl Fn(usize) -> T) -> bool {
    buffer.clear();
    if buffer.try_reserve_exact(len).is_err() {
        return false;
    }
    buffer.extend((0..len).map(value));
    true
}

/// Where the walk over a segment is, and the means that follow it; the levels themselves are the caller's.
#[derive(Default)]
pub(super) struct Walk {
    running: Vec<u32>,
    means: Vec<Mean>,
    /// Part of the position context by column and by line.
    across: Vec<u16>,
    down: Vec<u16>,
    shape: Shape,
    /// Planes of one value: rows are lines, channels are columns.
    flat: bool,
    channel: usize,
    x: usize,
    y: usize,
}

impl Walk {
    /// Begins a segment; `false` if there is no memory.
    pub fn begin(&mut self, shape: Shape) -> bool {
        let plane = shape.height * shape.width;
        self.flat = plane == 1;
        self.shape = shape;
        self.channel = shape.first_plane % shape.channels.max(1);
        (self.x, self.y) = (0, 0);
        let (means, line) = if self.flat {
            (shape.channels, shape.channels)
        } else {
            (1, shape.width)
        };
        fill(&mut self.running, plane, |_| 0)
            && fill(&mut self.means, means, |_| Mean::default())
            && fill(&mut self.across, line, |x| (16 * x as u64 / line.max(16) as u64) as u16)
            && fill(&mut self.down, shape.height, |y| {
                16 * (16 * y as u64 / shape.height.max(16) as u64) as u16
            })
    }

    /// What lies around level `i`, of which everything before is known.
    #[inline(always)]
    pub fn place(&self, levels: &[i32], i: usize) -> Place {
        let Shape {
            channels,
            height,
            width,
            ..
        } = self.shape;
        let level = |back: usize, inside: bool| if inside && back <= i { levels[i - back] } else { 0 };
        let magnitude = |back, inside| level(back, inside).unsigned_abs().min(NEIGHBOUR_CAP);
        let (x, line, end) = if self.flat {
            (self.channel, channels, channels)
        } else {
            (self.x, width, width)
        };
        let below = self.flat || self.y > 0;
        let (left, up) = (level(1, x > 0), level(line, below));
        let (l, u) = (magnitude(1, x > 0), magnitude(line, below));
        let has_up = below && line <= i;
        let has_left = x > 0 && i > 0;
        let sign = |v: i32| (v.signum() + 1) as usize;
        Place {
            left: if has_left { l } else { u },
            up: if has_up { u } else { l },
            up_left: magnitude(line + 1, below && x > 0),
            up_right: magnitude(line - 1, below && x + 1 < end && line > 1),
            before: if self.flat {
                magnitude(2 * channels, true)
            } else {
                magnitude(height * width, self.channel > 0)
            },
            running: self.running[self.y * width + self.x],
            mean: self.means[if self.flat { self.channel } else { 0 }].class(),
            signs: 3 * sign(left) + sign(up),
            channel: self.channel % CHANNELS,
            position: usize::from(self.down[self.y]) + usize::from(self.across[x]),
            row_start: self.channel == 0 && self.x == 0 && self.y == 0,
        }
    }

    /// Goes on after a level.
    #[inline(always)]
    pub fn step(&mut self, level: i32) {
        let magnitude = level.unsigned_abs().min(MEAN_CAP);
        let running = &mut self.running[self.y * self.shape.width + self.x];
        *running = (*running as i32 + ((((magnitude << 10) as i32 - *running as i32) * 26) >> 8)) as u32;
        self.means[if self.flat { self.channel } else { 0 }].push(magnitude);
        self.x += 1;
        if self.x < self.shape.width {
            return;
        }
        (self.x, self.y) = (0, self.y + 1);
        if self.y < self.shape.height {
            return;
        }
        (self.y, self.channel) = (0, self.channel + 1);
        if !self.flat {
            self.means[0] = Mean::default();
        }
        if self.channel == self.shape.channels {
            self.channel = 0;
            self.running.fill(0);
        }
    }
}
