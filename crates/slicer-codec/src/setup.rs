//! Setups: everything the bodies of a stream share (spec § Setup).

use crate::bytes::Reader;
#[cfg(feature = "encode")]
use crate::bytes::put_varint;
use crate::coding::{Buffers, Coding};
#[cfg(feature = "encode")]
use crate::coding::{Lanes, Parts};
use crate::dtype::DType;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::{Dims, Layout, View};
use crate::limits::{Account, MAX_RANK};
use crate::profile::Profile;
use alloc::sync::Arc;
#[cfg(feature = "encode")]
use alloc::vec::Vec;

/// Required-feature bits. A decoder refuses any bit it does not know.
pub mod feature {
    /// A coding section follows; without it every body is raw.
    pub const CODED: u32 = 1 << 0;
    /// Row or channel scales.
    pub const SCALES: u32 = 1 << 1;
    /// Row or channel classes.
    pub const CLASSES: u32 = 1 << 2;
    /// Neighbour contexts.
    pub const CONTEXTS: u32 = 1 << 3;
    /// The payload is cut into segments.
    pub const SEGMENTS: u32 = 1 << 4;
    /// Bodies carry their own first dim.
    pub const ROWS: u32 = 1 << 5;
    /// Metadata records follow the setup.
    pub const METADATA: u32 = 1 << 6;
    /// A profile id is given.
    pub const PROFILE: u32 = 1 << 7;
    /// Bare bodies end in a CRC-32C of their own.
    pub const BODY_CHECKSUM: u32 = 1 << 8;
    /// A profile's matrix turns coefficients into channels.
    pub const CHANNEL_TRANSFORM: u32 = 1 << 9;
    /// Planes hold DCT coefficients.
    pub const DCT: u32 = 1 << 10;
    /// Two union quantisers, chosen by a trellis.
    pub const TRELLIS: u32 = 1 << 11;
    /// The dense coder in place of bins, tables and rANS.
    pub const DENSE: u32 = 1 << 12;
    /// Channel classes follow the levels.
    pub const ADAPTIVE: u32 = 1 << 14;
    /// Bits this decoder implements.
    pub const KNOWN: u32 = ((1 << 13) - 1) | ADAPTIVE;
    /// Bits that mean nothing without [`CODED`].
    pub const NEEDS_CODED: u32 =
        SCALES | CLASSES | CONTEXTS | SEGMENTS | PROFILE | CHANNEL_TRANSFORM | DCT | TRELLIS | DENSE | ADAPTIVE;
    /// Bits that mean nothing outside the real domain.
    pub const NEEDS_REAL: u32 = CHANNEL_TRANSFORM | DCT | TRELLIS;

    /// True for combinations that no decoder accepts.
    pub(crate) const fn conflict(bits: u32) -> bool {
        bits & !KNOWN != 0
            || bits & CODED == 0 && bits & NEEDS_CODED != 0
            || bits & CHANNEL_TRANSFORM != 0 && bits & PROFILE == 0
            || bits & TRELLIS != 0 && bits & CONTEXTS != 0
            || bits & DENSE != 0 && bits & (CLASSES | CONTEXTS | ADAPTIVE) != 0
            || bits & ADAPTIVE != 0 && (bits & CLASSES == 0 || bits & SEGMENTS != 0)
    }
}

/// A parsed or planned setup.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// Required-feature bits.
    pub features: u32,
    /// Element type.
    pub dtype: DType,
    /// Dims; with [`feature::ROWS`] the first is the largest a body may have.
    pub dims: Dims,
    /// Grouping of axes.
    pub layout: Layout,
    /// Coding view of `dims`.
    pub view: View,
    /// Present with [`feature::CODED`].
    pub coding: Option<Coding>,
}

impl Setup {
    /// Reads a setup at the reader's position, on top of the buffers of an earlier one.
    pub(crate) fn read(
        r: &mut Reader<'_>,
        profiles: &[Arc<Profile>],
        account: &mut Account,
        old: Option<Self>,
    ) -> Result<Self> {
        let start = r.pos();
        let features = r.varint(Field::Features)?;
        r.note(Field::Features, start, f64::from(features));
        if feature::conflict(features) {
            return Err(Error::new(
                ErrorCode::UnsupportedFeature,
                Field::Features,
                start,
                features.into(),
            ));
        }
        let (dtype, dims) = read_type_and_dims(r)?;
        let coding_start = r.pos();
        let head = r.u8(Field::Coding)?;
        r.note(Field::Coding, coding_start, f64::from(head));
        let layout = read_layout(r, head & 3, dims.as_slice().len())?;
        let rank = dims.as_slice().len();
        let bad_dims = |field| Error::new(ErrorCode::BadDims, field, coding_start, rank as u64);
        let view = View::new(&dims, &layout).map_err(|_| bad_dims(Field::Layout))?;
        if features & feature::ROWS != 0 && !layout.rows_begin_with_axis_0(rank) {
            return Err(bad_dims(Field::Dims));
        }
        let coding = if features & feature::CODED != 0 {
            let buffers = Buffers::of(old.and_then(|setup| setup.coding));
            Some(Coding::read(
                r,
                features,
                (head, coding_start),
                dtype,
                &view,
                profiles,
                account,
                buffers,
            )?)
        } else if head & !3 != 0 {
            return Err(Error::new(
                ErrorCode::UnsupportedFeature,
                Field::Coding,
                coding_start,
                head.into(),
            ));
        } else {
            None
        };
        if features & feature::METADATA != 0 {
            skip_metadata(r)?;
        }
        Ok(Self {
            features,
            dtype,
            dims,
            layout,
            view,
            coding,
        })
    }

    /// Writes the setup; metadata records are not written by this encoder.
    #[cfg(feature = "encode")]
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Parts {
        put_varint(out, self.features);
        out.push(self.dtype as u8 | (self.dims.as_slice().len() as u8) << 3);
        for &d in self.dims.as_slice() {
            put_varint(out, d);
        }
        let Some(coding) = &self.coding else {
            out.push(self.layout.code());
            self.write_layout(out);
            return Parts::default();
        };
        let lanes = Lanes::ALL.iter().position(|l| *l == coding.lanes).unwrap_or(0) as u8;
        out.push(self.layout.code() | (coding.domain as u8) << 2 | lanes << 4);
        self.write_layout(out);
        coding.write(self.features, out)
    }

    #[cfg(feature = "encode")]
    fn write_layout(&self, out: &mut Vec<u8>) {
        if let Layout::Custom { axes, groups } = &self.layout {
            out.extend(&axes[..self.dims.as_slice().len()]);
            out.extend(groups);
        }
    }
}

fn read_type_and_dims(r: &mut Reader<'_>) -> Result<(DType, Dims)> {
    let start = r.pos();
    let byte = r.u8(Field::Type)?;
    let dtype = DType::from_code(byte & 7)
        .filter(|_| byte & 0x80 == 0)
        .ok_or(Error::new(
            ErrorCode::UnsupportedFeature,
            Field::Type,
            start,
            byte.into(),
        ))?;
    r.note(Field::Type, start, f64::from(byte & 7));
    let rank = usize::from(byte >> 3 & 15);
    if rank > MAX_RANK {
        return Err(Error::new(ErrorCode::BadDims, Field::Type, start, rank as u64));
    }
    let dims_start = r.pos();
    let mut dims = [0; MAX_RANK];
    for d in &mut dims[..rank] {
        *d = r.varint(Field::Dims)?;
    }
    let dims = Dims::new(&dims[..rank]).map_err(|e| e.at(dims_start))?;
    r.note(Field::Dims, dims_start, dims.elements() as f64);
    Ok((dtype, dims))
}

fn read_layout(r: &mut Reader<'_>, code: u8, rank: usize) -> Result<Layout> {
    Ok(match code {
        0 => Layout::Rows,
        1 => Layout::Nchw,
        2 => Layout::Nhwc,
        _ => {
            let start = r.pos();
            let mut axes = [0, 1, 2, 3, 4, 5, 6, 7];
            axes[..rank].copy_from_slice(r.take(rank, Field::Layout)?);
            let g = r.take(3, Field::Layout)?;
            r.note(Field::Layout, start, 0.0);
            Layout::Custom {
                axes,
                groups: [g[0], g[1], g[2]],
            }
        }
    })
}

/// Metadata is for people and tools; a decoder checks its lengths and steps over it.
pub(crate) fn skip_metadata(r: &mut Reader<'_>) -> Result<()> {
    let start = r.pos();
    let count = r.varint(Field::Metadata)?;
    for _ in 0..count {
        r.varint(Field::Metadata)?;
        let len = r.varint(Field::Metadata)? as usize;
        r.take(len, Field::Metadata)?;
    }
    r.note(Field::Metadata, start, f64::from(count));
    Ok(())
}
