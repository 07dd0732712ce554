//! Bands of positions: what of a group of planes is laid side by side at a time, for contexts (spec § Contexts).

use crate::layout::View;
use alloc::vec::Vec;
use core::ops::Range;
use slicer_kernels::planes::{self, LANES, Neighbours};

/// Positions of a band, at least: symbols stay in the first-level cache.
const POSITIONS: usize = 256;

/// Positions of a plane with what lies above and to the left of them.
pub(super) struct Band {
    /// First position that is laid out.
    first: usize,
    from: usize,
    to: usize,
}

impl Band {
    /// Positions.
    pub fn len(&self) -> usize {
        self.to - self.from
    }

    /// Rows of symbols, one for each plane of the group.
    pub fn symbols(
        &self,
        group: &[u8],
        plane: usize,
        neighbours: Neighbours<'_>,
        bases: &[u16; LANES],
        rows: &mut Vec<u8>,
        out: &mut Vec<u16>,
    ) {
        rows.resize((self.to - self.first) * LANES, 0);
        planes::interleave(group, plane, self.first, rows);
        let active = (group.len() / plane).min(LANES);
        out.resize(self.len() * active + LANES - active, 0);
        planes::symbols(rows, self.first, self.from, neighbours, bases, active, out);
        out.truncate(self.len() * active);
    }
}

/// The bands of a range of positions, last one first.
pub(super) struct Bands {
    above: usize,
    size: usize,
    begin: usize,
    end: usize,
}

impl Bands {
    pub fn of(view: &View, positions: Range<usize>) -> Self {
        // Planes of one line have nothing above.
        let above = if view.height > 1 { view.width } else { 1 };
        Self {
            above,
            size: POSITIONS.max(4 * above),
            begin: positions.start,
            end: positions.end,
        }
    }

    /// The next band towards the beginning.
    pub fn previous(&mut self) -> Option<Band> {
        let to = self.end;
        if to == self.begin {
            return None;
        }
        self.end = to.saturating_sub(self.size).max(self.begin);
        Some(Band {
            first: self.end.saturating_sub(self.above),
            from: self.end,
            to,
        })
    }
}
