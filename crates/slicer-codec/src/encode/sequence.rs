//! The runs of values along which a trellis advances: per segment, row and lane (spec § 17).

use crate::layout::View;

/// Sequences of a tensor: first value, number of values, distance.
#[derive(Clone, Copy)]
pub(super) struct Sequences {
    len: usize,
    row: usize,
    segment: usize,
    lanes: usize,
}

impl Sequences {
    /// For a coded view cut into segments of `segment` values (0 = one).
    pub fn new(view: &View, segment: usize, lanes: usize) -> Self {
        let len = view.elements();
        Self {
            len,
            row: (view.channels * view.plane()).max(1),
            segment: if segment == 0 { len.max(1) } else { segment },
            lanes,
        }
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = (usize, usize, usize)> {
        let mut at = 0;
        let runs = core::iter::from_fn(move || {
            if at >= self.len {
                return None;
            }
            let end = ((at / self.row + 1) * self.row)
                .min((at / self.segment + 1) * self.segment)
                .min(self.len);
            let run = (at, end);
            at = end;
            Some(run)
        });
        runs.flat_map(move |(start, end)| {
            (0..self.lanes.min(end - start)).map(move |lane| {
                let count = (end - start - lane).div_ceil(self.lanes);
                (start + lane, count, self.lanes)
            })
        })
    }
}
