//! Bins: what a token stands for (spec § Bins).

use crate::bytes::{Reader, unzigzag};
#[cfg(feature = "encode")]
use crate::bytes::{put_varint, zigzag};
use crate::error::{Error, ErrorCode, Field, Result};
use crate::limits::MAX_TOKENS;
use alloc::vec::Vec;

/// A set of 2^bits levels, `stride` apart: level = lower + offset · stride.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bin {
    /// Smallest level.
    pub lower: i32,
    /// Width of the offset in bits, 0–32.
    pub bits: u8,
    /// Distance of neighbouring levels, ≥ 1.
    pub stride: u32,
    /// Shift of the reconstruction point in 1/256 of the stride.
    pub delta: i8,
}

impl Bin {
    /// A bin of one level.
    pub const fn unit(lower: i32) -> Self {
        Self {
            lower,
            bits: 0,
            stride: 1,
            delta: 0,
        }
    }

    /// Levels the bin stands for: 2^bits cells of `stride` levels.
    pub const fn width(&self) -> u64 {
        (self.stride as u64) << self.bits
    }

    /// Last level of the bin's extent, in i64 because a bad bin leaves the 32-bit range.
    pub const fn upper(&self) -> i64 {
        self.lower as i64 - 1 + self.width() as i64
    }

    /// The level at an offset, which the bins' check keeps inside 32 bits.
    #[inline]
    pub(crate) const fn level(&self, offset: u32) -> i32 {
        (self.lower as i64 + offset as i64 * self.stride as i64) as i32
    }

    /// 256 times the reconstruction point of a level of this bin, before the step.
    pub(crate) const fn point256(&self, level: i32) -> i64 {
        256 * level as i64 + 128 * (self.stride as i64 - 1) + self.delta as i64 * self.stride as i64
    }
}

/// Unit bins from −negative to positive, then escapes with doubling widths on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uniform {
    /// Unit bins below 0.
    pub negative: u32,
    /// Unit bins above 0.
    pub positive: u32,
    /// Escape bins on the negative side.
    pub negative_escapes: u8,
    /// Escape bins on the positive side.
    pub positive_escapes: u8,
    /// Offset bits of the first escape.
    pub first_bits: u8,
    /// How many of `shrink` are written, 0–3.
    pub shrinks: u8,
    /// Reconstruction shift towards 0 of levels ±1, ±2, ±3, in 1/256.
    pub shrink: [i8; 3],
}

/// The bins of one setup, in ascending order of level; a token is an index into them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bins {
    /// Parameters of uniform bins; `None` if the bins are written one by one.
    uniform: Option<Uniform>,
    list: Vec<Bin>,
    zero: usize,
    /// The tokens around the zero token that no offset follows: the first and how many.
    plain: (u8, u16),
}

const KIND_LIST: u8 = 1;
const SYMMETRIC: u8 = 1 << 4;
const HAS_STRIDE: u8 = 1 << 6;
const HAS_DELTA: u8 = 1 << 7;
const MAX_ESCAPES: u8 = 32;

impl Bins {
    /// Expands uniform bins into `buffer`, whose contents are dropped.
    pub fn uniform(u: Uniform, mut buffer: Vec<Bin>) -> core::result::Result<Self, ErrorCode> {
        let escapes = u.negative_escapes.max(u.positive_escapes);
        let units = u64::from(u.negative) + u64::from(u.positive);
        let tokens = units + u64::from(u.negative_escapes) + u64::from(u.positive_escapes) + 1;
        let widest = u32::from(u.first_bits) + u32::from(escapes);
        let shrinks = &u.shrink[..usize::from(u.shrinks.min(3))];
        if tokens > MAX_TOKENS as u64 || widest > u32::from(MAX_ESCAPES) || shrinks.contains(&i8::MIN) {
            return Err(ErrorCode::BadBins);
        }
        buffer.clear();
        expand(&u, shrinks, &mut buffer).ok_or(ErrorCode::BadBins)?;
        Self::check(Some(u), buffer)
    }

    /// No bins, on a buffer for later ones.
    pub(crate) fn empty(mut buffer: Vec<Bin>) -> Self {
        buffer.clear();
        Self {
            uniform: None,
            list: buffer,
            zero: 0,
            plain: (0, 0),
        }
    }

    /// The bin of a level that one of them holds: the last that begins at or below it.
    pub(crate) fn find(&self, level: i32) -> usize {
        self.list.partition_point(|b| b.lower <= level).saturating_sub(1)
    }

    /// Takes any bins, ascending and disjoint.
    pub fn listed(list: Vec<Bin>) -> core::result::Result<Self, ErrorCode> {
        Self::check(None, list)
    }

    /// 1–256 bins, ascending, disjoint, inside 32 bits.
    fn check(uniform: Option<Uniform>, list: Vec<Bin>) -> core::result::Result<Self, ErrorCode> {
        let mut next = i64::from(i32::MIN);
        for b in &list {
            let fits = b.stride >= 1 && b.bits <= 32 && b.width() <= 1 << 32;
            if !fits || i64::from(b.lower) < next || b.upper() > i64::from(i32::MAX) {
                return Err(ErrorCode::BadBins);
            }
            next = b.upper() + 1;
        }
        if list.is_empty() || list.len() > MAX_TOKENS {
            return Err(ErrorCode::BadBins);
        }
        let zero = list.iter().position(|b| b.upper() >= 0).unwrap_or(list.len() - 1);
        let is_plain = |b: &&Bin| b.bits == 0;
        let below = list[..zero].iter().rev().take_while(is_plain).count();
        let above = list[zero + 1..].iter().take_while(is_plain).count();
        let plain = match list[zero].bits {
            0 => ((zero - below) as u8, (below + 1 + above) as u16),
            _ => (0, 0),
        };
        Ok(Self {
            uniform,
            list,
            zero,
            plain,
        })
    }

    /// The bins themselves.
    pub fn list(&self) -> &[Bin] {
        &self.list
    }

    /// The buffer, for the next setup.
    pub(crate) fn into_buffer(self) -> Vec<Bin> {
        self.list
    }

    /// The zero token: the first bin that reaches level 0 or above, else the last bin.
    pub fn zero(&self) -> usize {
        self.zero
    }

    /// The tokens around the zero token that no offset follows: the first and how many.
    pub(crate) fn plain(&self) -> (u8, u16) {
        self.plain
    }

    /// True if any token is followed by offset bits.
    pub fn has_offsets(&self) -> bool {
        self.list.iter().any(|b| b.bits > 0)
    }

    pub(crate) fn read(r: &mut Reader<'_>, mut buffer: Vec<Bin>) -> Result<Self> {
        let start = r.pos();
        let head = r.u8(Field::Bins)?;
        let (kind, reserved) = (head & 3, if head & 3 == 0 { head & 0xe0 } else { head & 0xfc });
        if kind > KIND_LIST || reserved != 0 {
            return Err(Error::new(
                ErrorCode::UnsupportedFeature,
                Field::Bins,
                start,
                head.into(),
            ));
        }
        let bins = if kind == 0 {
            Self::uniform(read_uniform(r, head)?, buffer)
        } else {
            buffer.clear();
            read_list(r, &mut buffer)?;
            Self::listed(buffer)
        };
        let bins = bins.map_err(|code| Error::new(code, Field::Bins, start, 0))?;
        r.note(Field::Bins, start, bins.list.len() as f64);
        Ok(bins)
    }

    #[cfg(feature = "encode")]
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        if let Some(u) = &self.uniform {
            let symmetric = u.negative == u.positive && u.negative_escapes == u.positive_escapes;
            out.push(u.shrinks << 2 | if symmetric { SYMMETRIC } else { 0 });
            put_varint(out, u.positive);
            out.push(u.positive_escapes);
            if !symmetric {
                put_varint(out, u.negative);
                out.push(u.negative_escapes);
            }
            out.push(u.first_bits);
            for s in &u.shrink[..usize::from(u.shrinks)] {
                out.push(*s as u8);
            }
            return;
        }
        out.push(KIND_LIST);
        put_varint(out, self.list.len() as u32);
        let mut next = 0;
        for (i, bin) in self.list.iter().enumerate() {
            let gap = if i == 0 {
                zigzag(bin.lower)
            } else {
                (i64::from(bin.lower) - next) as u32
            };
            put_varint(out, gap);
            let flags = if bin.stride > 1 { HAS_STRIDE } else { 0 } | if bin.delta != 0 { HAS_DELTA } else { 0 };
            out.push(bin.bits | flags);
            if bin.stride > 1 {
                put_varint(out, bin.stride);
            }
            if bin.delta != 0 {
                out.push(bin.delta as u8);
            }
            next = bin.upper() + 1;
        }
    }
}

/// Escape j holds 2^(first + j) levels and begins where the one before it ends.
fn escape(u: &Uniform, units: u32, j: u8) -> (u8, i64) {
    let bits = u.first_bits + j;
    (bits, i64::from(units) + 1 + (((1i64 << j) - 1) << u.first_bits))
}

fn expand(u: &Uniform, shrinks: &[i8], list: &mut Vec<Bin>) -> Option<()> {
    for j in (0..u.negative_escapes).rev() {
        let (bits, begin) = escape(u, u.negative, j);
        let lower = i32::try_from(-(begin + (1i64 << bits) - 1)).ok()?;
        list.push(Bin {
            lower,
            bits,
            stride: 1,
            delta: 0,
        });
    }
    for level in -(u.negative as i32)..=u.positive as i32 {
        let toward_zero = shrinks
            .get((level.unsigned_abs() as usize).wrapping_sub(1))
            .copied()
            .unwrap_or(0);
        let delta = if level < 0 { toward_zero } else { -toward_zero };
        list.push(Bin {
            lower: level,
            bits: 0,
            stride: 1,
            delta,
        });
    }
    for j in 0..u.positive_escapes {
        let (bits, begin) = escape(u, u.positive, j);
        list.push(Bin {
            lower: i32::try_from(begin).ok()?,
            bits,
            stride: 1,
            delta: 0,
        });
    }
    Some(())
}

fn read_uniform(r: &mut Reader<'_>, head: u8) -> Result<Uniform> {
    let positive = r.varint(Field::Bins)?;
    let positive_escapes = r.u8(Field::Bins)?;
    let (negative, negative_escapes) = if head & SYMMETRIC != 0 {
        (positive, positive_escapes)
    } else {
        (r.varint(Field::Bins)?, r.u8(Field::Bins)?)
    };
    let first_bits = r.u8(Field::Bins)?;
    if positive_escapes > MAX_ESCAPES || negative_escapes > MAX_ESCAPES || first_bits > MAX_ESCAPES {
        return r.fail(ErrorCode::BadBins, Field::Bins, first_bits.into());
    }
    let shrinks = head >> 2 & 3;
    let mut shrink = [0; 3];
    for (s, &b) in shrink.iter_mut().zip(r.take(usize::from(shrinks), Field::Bins)?) {
        *s = b as i8;
    }
    Ok(Uniform {
        negative,
        positive,
        negative_escapes,
        positive_escapes,
        first_bits,
        shrinks,
        shrink,
    })
}

fn read_list(r: &mut Reader<'_>, list: &mut Vec<Bin>) -> Result<()> {
    let count = r.varint(Field::Bins)? as usize;
    if count == 0 || count > MAX_TOKENS {
        return r.fail(ErrorCode::BadBins, Field::Bins, count as u64);
    }
    let mut next = 0i64;
    for i in 0..count {
        let gap = r.varint(Field::Bins)?;
        let lower = if i == 0 {
            i64::from(unzigzag(gap))
        } else {
            next + i64::from(gap)
        };
        let flags = r.u8(Field::Bins)?;
        let bits = flags & 0x3f;
        let stride = if flags & HAS_STRIDE != 0 {
            r.varint(Field::Bins)?
        } else {
            1
        };
        let delta = if flags & HAS_DELTA != 0 {
            r.u8(Field::Bins)? as i8
        } else {
            0
        };
        let Ok(lower) = i32::try_from(lower) else {
            return r.fail(ErrorCode::BadBins, Field::Bins, i as u64);
        };
        let bin = Bin {
            lower,
            bits,
            stride,
            delta,
        };
        if bits > 32 || stride == 0 || bin.width() > 1 << 32 || bin.upper() > i64::from(i32::MAX) {
            return r.fail(ErrorCode::BadBins, Field::Bins, i as u64);
        }
        next = bin.upper() + 1;
        list.push(bin);
    }
    Ok(())
}
