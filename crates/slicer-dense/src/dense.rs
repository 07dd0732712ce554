//! The dense coder: adaptive binary coding of levels under a mix of contexts (spec § 18).

mod contexts;
mod mixer;
mod range;

pub use contexts::{halves, near};

use crate::trellis::State;
use alloc::boxed::Box;
use alloc::vec::Vec;
use contexts::{INPUTS, Map, SLOTS, Walk};
use mixer::{Curves, Slot, mix};
use range::{Bytes, RangeCoder, Reader, Writer};

/// Bytes a model takes, without what depends on the planes.
pub const MEMORY: u64 = (4 * SLOTS + 16384) as u64;
/// Decisions of a magnitude before the escape.
const UNARY: u32 = 15;
/// Weight of an input before anything was seen, in 1/65536.
const WEIGHT: i32 = 12288;
/// Learning rates of the weights, as right shifts.
const MAGNITUDE_RATE: u32 = 14;
const SIGN_RATE: u32 = 15;
/// Weight sets: four decisions × union × four neighbourhoods.
const WEIGHT_SETS: usize = 32;

/// Everything the coder learns and looks at inside a segment; the buffers outlive it.
pub struct Model {
    curves: Box<Curves>,
    slots: Vec<Slot>,
    weights: [[i32; INPUTS]; WEIGHT_SETS],
    sign_weights: [i32; 2],
    walk: Walk,
}

/// A segment as the dense coder sees it.
#[derive(Clone, Copy, Default)]
pub struct Shape {
    /// Channels of a row.
    pub channels: usize,
    /// Lines of a plane.
    pub height: usize,
    /// Values of a line.
    pub width: usize,
    /// Index of the segment's first plane in the body.
    pub first_plane: usize,
}

/// How a segment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All levels are there.
    Done,
    /// A level is beyond ±(2^31 − 1), or the bytes are not those of an encoder.
    Corrupt,
    /// There is no memory.
    Full,
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl Model {
    /// A model without memory.
    pub fn new() -> Self {
        Self {
            curves: Curves::new(),
            slots: Vec::new(),
            weights: [[0; INPUTS]; WEIGHT_SETS],
            sign_weights: [0; 2],
            walk: Walk::default(),
        }
    }

    /// Decodes a segment's levels in scan order.
    pub fn decode(&mut self, segment: &[u8], shape: Shape, trellis: bool, levels: &mut [i32]) -> Outcome {
        let mut reader = Reader::new(segment);
        match self.run(&mut reader, shape, trellis, levels) {
            Ok(_) if reader.is_done() => Outcome::Done,
            Ok(_) => Outcome::Corrupt,
            Err(outcome) => outcome,
        }
    }

    /// Appends the segment that decodes to these levels.
    pub fn encode(&mut self, out: &mut Vec<u8>, shape: Shape, trellis: bool, levels: &mut [i32]) -> Outcome {
        let mut writer = Writer::new(out);
        match self.run(&mut writer, shape, trellis, levels) {
            Ok(range) => {
                writer.finish(range);
                Outcome::Done
            }
            Err(outcome) => outcome,
        }
    }

    /// Codes the levels of one segment in scan order, and returns what is left of the range; a decoder's levels are written over.
    #[inline(never)]
    fn run(
        &mut self,
        bytes: &mut dyn Bytes,
        shape: Shape,
        trellis: bool,
        levels: &mut [i32],
    ) -> Result<(i64, u32), Outcome> {
        self.slots.clear();
        if self.slots.try_reserve_exact(SLOTS).is_err() || !self.walk.begin(shape) {
            return Err(Outcome::Full);
        }
        let mut coder = RangeCoder::new(bytes);
        self.slots.resize(SLOTS, Slot::default());
        self.weights.as_flattened_mut().fill(WEIGHT);
        self.sign_weights = [16384, 32768];
        let mut state = State::default();
        for i in 0..levels.len() {
            let place = self.walk.place(levels, i);
            if place.row_start {
                state = State::default();
            }
            let map = Map::new(&place, if trellis { state.union() } else { 0 });
            let level = levels[i];
            let Ok(magnitude) = i32::try_from(self.magnitude(&mut coder, &map, level.unsigned_abs())) else {
                return Err(Outcome::Corrupt);
            };
            let signs = &mut self.sign_weights;
            let negative = magnitude > 0
                && mix(
                    &mut coder,
                    level < 0,
                    &self.curves,
                    &mut self.slots,
                    map.sign,
                    signs,
                    SIGN_RATE,
                );
            levels[i] = if negative { -magnitude } else { magnitude };
            self.walk.step(levels[i]);
            state = state.next(levels[i]);
        }
        Ok(coder.end())
    }

    #[inline(always)]
    fn magnitude(&mut self, coder: &mut RangeCoder<'_>, map: &Map, value: u32) -> u32 {
        let mut magnitude = 0;
        while magnitude < UNARY {
            let at = map.at.map(|slot| slot + magnitude as usize);
            let weights = &mut self.weights[map.weights + 8 * magnitude.min(3) as usize];
            if !mix(
                coder,
                value > magnitude,
                &self.curves,
                &mut self.slots,
                at,
                weights,
                MAGNITUDE_RATE,
            ) {
                return magnitude;
            }
            magnitude += 1;
        }
        // Exponent in unary with a probability per position, then the bits below the leading one as they are.
        let rest = value.wrapping_sub(UNARY - 1);
        let bits = if value >= UNARY { 31 - rest.leading_zeros() } else { 0 };
        let mut n = 0;
        while n < 30 && self.slots[contexts::ESCAPE + n as usize].code(coder, bits > n, &self.curves) {
            n += 1;
        }
        let mut found = 1u32;
        for b in (0..n).rev() {
            found = found << 1 | u32::from(coder.code(1 << 15, rest >> b & 1 != 0));
        }
        found + (UNARY - 1)
    }
}
