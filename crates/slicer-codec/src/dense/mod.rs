//! The dense coder: adaptive binary coding of levels under a mix of contexts (spec § 18).

mod contexts;
mod mixer;
mod range;

#[cfg(feature = "encode")]
pub(crate) use contexts::{halves, near};
#[cfg(feature = "encode")]
pub(crate) use range::RangeEncoder;
pub(crate) use range::{BitCoder, RangeDecoder};

use crate::error::{Field, Result};
use crate::layout::View;
use crate::limits::try_resize;
use crate::trellis::State;
use alloc::boxed::Box;
use alloc::vec::Vec;
use contexts::{INPUTS, Map, SLOTS, Walk};
use mixer::{Curves, Slot, mix};

/// Bytes a model takes, without what depends on the planes.
pub(crate) const MEMORY: u64 = (4 * SLOTS + 16384) as u64;
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
pub(crate) struct Model {
    curves: Box<Curves>,
    slots: Vec<Slot>,
    weights: [[i32; INPUTS]; WEIGHT_SETS],
    sign_weights: [i32; 2],
    walk: Walk,
}

/// A segment as the dense coder sees it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shape {
    /// Channels of a row.
    pub channels: usize,
    /// Rows and columns of a plane.
    pub height: usize,
    pub width: usize,
    /// Index of the segment's first plane in the body.
    pub first_plane: usize,
}

impl Shape {
    /// The shape of a segment that begins at a plane of a view.
    pub fn of(view: &View, first_plane: usize) -> Self {
        Self {
            channels: view.channels,
            height: view.height,
            width: view.width,
            first_plane,
        }
    }
}

impl Model {
    /// A model without memory.
    pub fn new() -> Self {
        Self {
            curves: Curves::new(),
            slots: Vec::new(),
            weights: [[WEIGHT; INPUTS]; WEIGHT_SETS],
            sign_weights: [0; 2],
            walk: Walk::default(),
        }
    }

    /// Codes the levels of one segment in scan order; a decoder's are written over. `false` at a level beyond ±(2^31 − 1).
    pub fn run(&mut self, coder: &mut impl BitCoder, shape: Shape, trellis: bool, levels: &mut [i32]) -> Result<bool> {
        try_resize(&mut self.slots, SLOTS, Field::Payload)?;
        self.slots.fill(Slot::default());
        self.weights = [[WEIGHT; INPUTS]; WEIGHT_SETS];
        self.sign_weights = [16384, 32768];
        self.walk.begin(shape)?;
        let mut state = State::default();
        for i in 0..levels.len() {
            let place = self.walk.place(levels, i);
            if place.row_start {
                state = State::default();
            }
            let map = Map::new(&place, if trellis { state.union() } else { 0 });
            let level = levels[i];
            let Ok(magnitude) = i32::try_from(self.magnitude(coder, &map, level.unsigned_abs())) else {
                return Ok(false);
            };
            let signs = &mut self.sign_weights;
            let negative = magnitude > 0
                && mix(
                    coder,
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
        Ok(true)
    }

    fn magnitude(&mut self, coder: &mut impl BitCoder, map: &Map, value: u32) -> u32 {
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
