//! Layout: from dims to the coding view [rows, channels, height × width] (spec § Layout).

use crate::error::{Error, ErrorCode, Field, Result};
use crate::limits::{MAX_ELEMENTS, MAX_RANK};

/// Shape of a tensor: rank 0–8, product of the non-zero dims below 2^31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dims {
    rank: usize,
    dims: [u32; MAX_RANK],
}

impl Dims {
    /// Checks rank and size. A dim of 0 makes the tensor empty; it does not excuse the other dims.
    pub fn new(dims: &[u32]) -> Result<Self> {
        let fail = |detail| Error::argument(ErrorCode::BadDims, Field::Dims, detail);
        if dims.len() > MAX_RANK {
            return Err(fail(dims.len() as u64));
        }
        let mut product = 1u64;
        for &d in dims {
            product *= u64::from(d.max(1));
            if product > MAX_ELEMENTS {
                return Err(fail(product));
            }
        }
        let mut all = [1; MAX_RANK];
        all[..dims.len()].copy_from_slice(dims);
        Ok(Self {
            rank: dims.len(),
            dims: all,
        })
    }

    /// The dims as a slice of length rank.
    pub fn as_slice(&self) -> &[u32] {
        &self.dims[..self.rank]
    }

    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.as_slice().iter().map(|&d| d as usize).product()
    }
}

/// How axes are grouped into rows, channels and planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Last axis = channels, all others = rows, planes of 1 × 1.
    Rows,
    /// Axis 0 = rows, axis 1 = channels, the rest = planes. Rank ≥ 3.
    Nchw,
    /// Axis 0 = rows, last axis = channels, the axes between = planes. Rank ≥ 3.
    Nhwc,
    /// Axes permuted by `axes`, then grouped: `groups` = number of axes in rows, channels, height; the rest is width.
    Custom {
        /// Memory axis of every scan axis; entries from the rank on are ignored.
        axes: [u8; MAX_RANK],
        /// Scan axes that make up rows, channels and height.
        groups: [u8; 3],
    },
}

impl Layout {
    /// The default of the encoder: axis 1 is channels from rank 4 on, the last axis below. Never data-dependent.
    pub fn default_for(rank: usize) -> Self {
        if rank >= 4 { Self::Nchw } else { Self::Rows }
    }

    /// Code in the bitstream.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Rows => 0,
            Self::Nchw => 1,
            Self::Nhwc => 2,
            Self::Custom { .. } => 3,
        }
    }

    /// True if axis 0 is one of the axes that make up the rows, so that bodies may differ in it.
    pub(crate) fn rows_begin_with_axis_0(&self, rank: usize) -> bool {
        self.axes(rank)
            .is_some_and(|(axes, groups)| axes[..groups[0]].contains(&0))
    }

    fn axes(&self, rank: usize) -> Option<([u8; MAX_RANK], [usize; 3])> {
        let mut axes = [0, 1, 2, 3, 4, 5, 6, 7];
        match self {
            Self::Rows => Some((axes, [rank.saturating_sub(1), usize::from(rank > 0), 0])),
            Self::Nchw if rank >= 3 => Some((axes, [1, 1, rank - 3])),
            Self::Nhwc if rank >= 3 => {
                axes[1] = rank as u8 - 1;
                for (i, axis) in axes.iter_mut().enumerate().take(rank).skip(2) {
                    *axis = i as u8 - 1;
                }
                Some((axes, [1, 1, rank - 3]))
            }
            Self::Custom { axes, groups } => {
                let mut seen = [false; MAX_RANK];
                for &a in &axes[..rank] {
                    if a as usize >= rank || seen[a as usize] {
                        return None;
                    }
                    seen[a as usize] = true;
                }
                let groups = groups.map(usize::from);
                (groups.iter().sum::<usize>() <= rank).then_some((*axes, groups))
            }
            _ => None,
        }
    }
}

/// The coding view of one tensor: sizes, and the way from scan order to memory order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Number of rows.
    pub rows: usize,
    /// Channels of a row.
    pub channels: usize,
    /// Height of a plane.
    pub height: usize,
    /// Width of a plane.
    pub width: usize,
    rank: usize,
    sizes: [usize; MAX_RANK],
    strides: [usize; MAX_RANK],
    contiguous: bool,
}

impl View {
    /// The view of `dims` under `layout`.
    pub fn new(dims: &Dims, layout: &Layout) -> Result<Self> {
        let d = dims.as_slice();
        let rank = d.len();
        let fail = Error::argument(ErrorCode::BadDims, Field::Layout, rank as u64);
        let (axes, groups) = layout.axes(rank).ok_or(fail)?;
        let mut memory = [1usize; MAX_RANK];
        for i in (0..rank.saturating_sub(1)).rev() {
            memory[i] = memory[i + 1].saturating_mul(d[i + 1] as usize);
        }
        let (mut sizes, mut strides) = ([1usize; MAX_RANK], [0usize; MAX_RANK]);
        for i in 0..rank {
            sizes[i] = d[axes[i] as usize] as usize;
            strides[i] = memory[axes[i] as usize];
        }
        let mut edge = 0;
        let mut group = |n: usize| {
            let size = sizes[edge..edge + n].iter().product();
            edge += n;
            size
        };
        let (rows, channels, height) = (group(groups[0]), group(groups[1]), group(groups[2]));
        let width = sizes[edge..rank].iter().product();
        let contiguous = axes[..rank].iter().enumerate().all(|(i, &a)| i == a as usize);
        Ok(Self {
            rows,
            channels,
            height,
            width,
            rank,
            sizes,
            strides,
            contiguous,
        })
    }

    /// The same rows and planes with another number of channels: how coefficients are arranged. Its way to memory means nothing.
    pub(crate) fn with_channels(&self, channels: usize) -> Self {
        Self { channels, ..*self }
    }

    /// Values of one plane.
    pub fn plane(&self) -> usize {
        self.height * self.width
    }

    /// Number of planes, rows × channels.
    pub fn planes(&self) -> usize {
        self.rows * self.channels
    }

    /// Number of values.
    pub fn elements(&self) -> usize {
        self.planes() * self.plane()
    }

    /// True if scan order is memory order.
    pub fn is_contiguous(&self) -> bool {
        self.contiguous
    }

    /// Calls `f(scan index, memory index)` for `len` values from scan position `start` on, in scan order.
    pub(crate) fn for_each(&self, start: usize, len: usize, f: &mut dyn FnMut(usize, usize)) {
        if len == 0 {
            return;
        }
        if self.contiguous {
            for i in start..start + len {
                f(i, i);
            }
            return;
        }
        let last = self.rank - 1;
        let (mut index, mut rest, mut offset) = ([0usize; MAX_RANK], start, 0);
        for axis in (0..=last).rev() {
            index[axis] = rest % self.sizes[axis];
            rest /= self.sizes[axis];
            offset += index[axis] * self.strides[axis];
        }
        for i in start..start + len {
            f(i, offset);
            let mut axis = last;
            loop {
                index[axis] += 1;
                offset += self.strides[axis];
                if index[axis] < self.sizes[axis] || axis == 0 {
                    break;
                }
                offset -= index[axis] * self.strides[axis];
                index[axis] = 0;
                axis -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn scan(dims: &[u32], layout: Layout) -> Vec<usize> {
        let view = View::new(&Dims::new(dims).unwrap(), &layout).unwrap();
        let mut order = Vec::new();
        view.for_each(0, view.elements(), &mut |_, m| order.push(m));
        let mut again = Vec::new();
        for start in 0..view.elements() {
            view.for_each(start, 1, &mut |_, m| again.push(m));
        }
        assert_eq!(order, again);
        order
    }

    #[test]
    fn nhwc_scans_planes() {
        assert_eq!(
            scan(&[1, 2, 2, 3], Layout::Nhwc),
            [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]
        );
    }

    #[test]
    fn custom_covers_every_value_once() {
        let axes = [2, 0, 3, 1, 4, 5, 6, 7];
        let mut order = scan(
            &[2, 3, 4, 5],
            Layout::Custom {
                axes,
                groups: [1, 1, 1],
            },
        );
        order.sort_unstable();
        assert!(order.iter().copied().eq(0..120));
    }

    #[test]
    fn views_of_small_ranks() {
        let view = |d: &[u32], l| {
            let v = View::new(&Dims::new(d).unwrap(), &l).unwrap();
            (v.rows, v.channels, v.height, v.width)
        };
        assert_eq!(view(&[], Layout::Rows), (1, 1, 1, 1));
        assert_eq!(view(&[5], Layout::Rows), (1, 5, 1, 1));
        assert_eq!(view(&[2, 3, 4], Layout::Nchw), (2, 3, 1, 4));
        assert_eq!(view(&[2, 3, 4], Layout::Nhwc), (2, 4, 1, 3));
        assert_eq!(view(&[1, 8, 5, 7], Layout::Nchw), (1, 8, 5, 7));
        assert!(View::new(&Dims::new(&[2, 2]).unwrap(), &Layout::Nchw).is_err());
        assert!(Dims::new(&[0, 65536, 65536]).is_err());
    }
}
