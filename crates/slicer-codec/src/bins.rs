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

    /// 256 times the reconstruction point of a level of this bin, before the step.
    pub(crate) const fn point256(&self, level: i32) -> i64 {
        256 * level as i64 + 128 * (self.stride as i64 - 1) + self.delta as i64 * self.stride as i64
    }
}

/// How the bins are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BinSpec {
    /// Unit bins from −negative to positive, then escapes with doubling widths on both sides.
    Uniform {
        /// Unit bins below 0.
        negative: u32,
        /// Unit bins above 0.
        positive: u32,
        /// Escape bins on the negative side.
        negative_escapes: u8,
        /// Escape bins on the positive side.
        positive_escapes: u8,
        /// Offset bits of the first escape.
        first_bits: u8,
        /// Reconstruction shift towards 0 of levels ±1, ±2, ±3, in 1/256; up to three.
        shrink: Vec<i8>,
    },
    /// Any bins, ascending and disjoint.
    List(Vec<Bin>),
}

/// The bins of one setup, in ascending order of level; a token is an index into them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bins {
    spec: BinSpec,
    list: Vec<Bin>,
    zero: usize,
}

const KIND_LIST: u8 = 1;
const SYMMETRIC: u8 = 1 << 4;
const HAS_STRIDE: u8 = 1 << 6;
const HAS_DELTA: u8 = 1 << 7;
const MAX_ESCAPES: u8 = 32;

impl Bins {
    /// Expands and checks a specification: 1–256 bins, ascending, disjoint, inside 32 bits.
    pub fn new(spec: BinSpec) -> core::result::Result<Self, ErrorCode> {
        let list = match &spec {
            BinSpec::Uniform {
                negative,
                positive,
                negative_escapes,
                positive_escapes,
                first_bits,
                shrink,
            } => {
                let tokens = u64::from(*negative)
                    + u64::from(*positive)
                    + u64::from(*negative_escapes)
                    + u64::from(*positive_escapes)
                    + 1;
                let widest = u32::from(*first_bits) + u32::from(*(negative_escapes.max(positive_escapes)));
                if tokens > MAX_TOKENS as u64
                    || widest > u32::from(MAX_ESCAPES)
                    || shrink.len() > 3
                    || shrink.contains(&i8::MIN)
                {
                    return Err(ErrorCode::BadBins);
                }
                uniform(
                    *negative,
                    *positive,
                    *negative_escapes,
                    *positive_escapes,
                    *first_bits,
                    shrink,
                )
                .ok_or(ErrorCode::BadBins)?
            }
            BinSpec::List(list) => list.clone(),
        };
        let inside =
            |b: &Bin| b.stride >= 1 && b.bits <= 32 && b.width() <= 1 << 32 && b.upper() <= i64::from(i32::MAX);
        if list.is_empty() || list.len() > MAX_TOKENS || !list.iter().all(inside) {
            return Err(ErrorCode::BadBins);
        }
        if list.windows(2).any(|w| w[0].upper() >= i64::from(w[1].lower)) {
            return Err(ErrorCode::BadBins);
        }
        let zero = list.iter().position(|b| b.upper() >= 0).unwrap_or(list.len() - 1);
        Ok(Self { spec, list, zero })
    }

    /// The bins themselves.
    pub fn list(&self) -> &[Bin] {
        &self.list
    }

    /// The zero token: the first bin that reaches level 0 or above, else the last bin.
    pub fn zero(&self) -> usize {
        self.zero
    }

    /// True if any token is followed by offset bits.
    pub fn has_offsets(&self) -> bool {
        self.list.iter().any(|b| b.bits > 0)
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self> {
        let start = r.pos();
        let head = r.u8(Field::Bins)?;
        let reserved = |bad: bool| {
            if bad {
                Err(Error::new(
                    ErrorCode::UnsupportedFeature,
                    Field::Bins,
                    start,
                    head.into(),
                ))
            } else {
                Ok(())
            }
        };
        let spec = match head & 3 {
            0 => {
                reserved(head & 0xe0 != 0)?;
                read_uniform(r, head)?
            }
            KIND_LIST => {
                reserved(head != KIND_LIST)?;
                read_list(r)?
            }
            _ => return r.fail(ErrorCode::UnsupportedFeature, Field::Bins, head.into()),
        };
        let bins = Self::new(spec).map_err(|code| Error::new(code, Field::Bins, start, 0))?;
        r.note(Field::Bins, start, bins.list.len() as f64);
        Ok(bins)
    }

    #[cfg(feature = "encode")]
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match &self.spec {
            BinSpec::Uniform {
                negative,
                positive,
                negative_escapes,
                positive_escapes,
                first_bits,
                shrink,
            } => {
                let symmetric = negative == positive && negative_escapes == positive_escapes;
                out.push((shrink.len() as u8) << 2 | if symmetric { SYMMETRIC } else { 0 });
                put_varint(out, *positive);
                out.push(*positive_escapes);
                if !symmetric {
                    put_varint(out, *negative);
                    out.push(*negative_escapes);
                }
                out.push(*first_bits);
                out.extend(shrink.iter().map(|&s| s as u8));
            }
            BinSpec::List(list) => {
                out.push(KIND_LIST);
                put_varint(out, list.len() as u32);
                let mut next = 0;
                for (i, bin) in list.iter().enumerate() {
                    let gap = if i == 0 {
                        zigzag(bin.lower)
                    } else {
                        (i64::from(bin.lower) - next) as u32
                    };
                    put_varint(out, gap);
                    let flags =
                        if bin.stride > 1 { HAS_STRIDE } else { 0 } | if bin.delta != 0 { HAS_DELTA } else { 0 };
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
    }
}

fn uniform(n: u32, p: u32, n_esc: u8, p_esc: u8, first: u8, shrink: &[i8]) -> Option<Vec<Bin>> {
    // Escape j holds 2^(first + j) levels and begins where the one before it ends.
    let escape = |units: u32, j: u8| {
        let bits = first + j;
        let begin = i64::from(units) + 1 + (((1i64 << j) - 1) << first);
        (bits, begin, begin + (1i64 << bits) - 1)
    };
    let mut list = Vec::with_capacity((n + p) as usize + 1 + usize::from(n_esc) + usize::from(p_esc));
    for j in (0..n_esc).rev() {
        let (bits, _, end) = escape(n, j);
        list.push(Bin {
            lower: i32::try_from(-end).ok()?,
            bits,
            stride: 1,
            delta: 0,
        });
    }
    for level in -(n as i32)..=p as i32 {
        let toward_zero = shrink
            .get((level.unsigned_abs() as usize).wrapping_sub(1))
            .copied()
            .unwrap_or(0);
        let delta = if level < 0 {
            toward_zero
        } else {
            toward_zero.checked_neg()?
        };
        list.push(Bin {
            lower: level,
            bits: 0,
            stride: 1,
            delta,
        });
    }
    for j in 0..p_esc {
        let (bits, begin, _) = escape(p, j);
        list.push(Bin {
            lower: i32::try_from(begin).ok()?,
            bits,
            stride: 1,
            delta: 0,
        });
    }
    Some(list)
}

fn read_uniform(r: &mut Reader<'_>, head: u8) -> Result<BinSpec> {
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
    let shrink = r
        .take(usize::from(head >> 2 & 3), Field::Bins)?
        .iter()
        .map(|&b| b as i8)
        .collect();
    Ok(BinSpec::Uniform {
        negative,
        positive,
        negative_escapes,
        positive_escapes,
        first_bits,
        shrink,
    })
}

fn read_list(r: &mut Reader<'_>) -> Result<BinSpec> {
    let count = r.varint(Field::Bins)? as usize;
    if count == 0 || count > MAX_TOKENS {
        return r.fail(ErrorCode::BadBins, Field::Bins, count as u64);
    }
    let mut list = Vec::with_capacity(count);
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
    Ok(BinSpec::List(list))
}
