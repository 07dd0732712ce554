//! Trellis: two union quantisers and the eight states that choose between them (spec § 17).

/// A state of the trellis; it begins at 0 in every segment, row and lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State(u8);

/// Next state by state and parity of the level.
const NEXT: [[u8; 2]; 8] = [[0, 2], [2, 0], [4, 6], [6, 4], [5, 7], [7, 5], [1, 3], [3, 1]];

impl State {
    /// A state by number.
    pub const fn of(index: usize) -> Self {
        Self(index as u8 & 7)
    }

    /// The state's number.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The quantiser of the next level: 0 or 1.
    #[inline]
    pub fn union(self) -> usize {
        usize::from(self.0 >> 2)
    }

    /// The state after a level.
    #[inline]
    pub const fn next(self, level: i32) -> Self {
        Self(NEXT[self.0 as usize][(level & 1) as usize])
    }
}

/// What a level of union quantiser 1 stands for, in half steps less than twice the level: its sign.
#[inline]
pub fn shift(union: usize, level: i32) -> i32 {
    if union == 1 { level.signum() } else { 0 }
}

/// The states of all lanes along a scan.
pub struct Walk {
    states: [State; 32],
    lanes: usize,
    lane: usize,
    /// Place in the row, and the row's length.
    at: usize,
    row: usize,
}

impl Walk {
    /// Begins a segment at scan position `start`, with rows of `row` values.
    pub fn new(lanes: usize, start: usize, row: usize) -> Self {
        Self {
            states: [State::default(); 32],
            lanes,
            lane: 0,
            at: start.checked_rem(row).unwrap_or(0),
            row,
        }
    }

    /// Union bit of the next level.
    #[inline]
    pub fn union(&mut self) -> usize {
        // The lane's level before this one lies `lanes` back: in the same row, or in one before.
        if self.at < self.lanes {
            self.states[self.lane] = State::default();
        }
        self.states[self.lane].union()
    }

    /// Union bit of the level `ahead` places on, fewer than there are lanes, when the next level is lane 0's.
    #[inline]
    pub fn union_ahead(&self, ahead: usize) -> usize {
        let at = (self.at + ahead) % self.row;
        if at < self.lanes { 0 } else { self.states[ahead].union() }
    }

    /// Goes on after a level.
    #[inline]
    pub fn push(&mut self, level: i32) {
        let state = &mut self.states[self.lane];
        *state = state.next(level);
        self.lane = if self.lane + 1 == self.lanes { 0 } else { self.lane + 1 };
        self.at = if self.at + 1 == self.row { 0 } else { self.at + 1 };
    }
}
