//! Setups: everything the bodies of a stream share (spec § Setup).

use crate::bins::{Bin, Bins};
use crate::bytes::Reader;
#[cfg(feature = "encode")]
use crate::bytes::put_varint;
use crate::classes;
use crate::contexts::Thresholds;
use crate::dtype::DType;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::{Dims, Layout, View};
use crate::limits::{Account, MAX_RANK};
use crate::tables::{TableBuffers, Tables};
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
    /// Bits this decoder implements.
    pub const KNOWN: u32 = (1 << 9) - 1;
    /// Bits that mean nothing without [`CODED`].
    pub const NEEDS_CODED: u32 = SCALES | CLASSES | CONTEXTS | SEGMENTS | PROFILE;
}

/// What a level means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Domain {
    /// value = point · step.
    Real = 0,
    /// value = level; integer types only.
    Integer = 1,
    /// level = order-preserving image of the float's bits; float types only.
    FloatBits = 2,
}

/// Interleaved rANS states of a segment: streams × width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// Word streams, 1 or 4.
    pub streams: usize,
    /// States per stream, 1, 2, 4 or 8.
    pub width: usize,
}

impl Lanes {
    const ALL: [Self; 5] = [
        Self::of(1, 1),
        Self::of(1, 2),
        Self::of(1, 4),
        Self::of(1, 8),
        Self::of(4, 8),
    ];

    const fn of(streams: usize, width: usize) -> Self {
        Self { streams, width }
    }

    /// All states together: 1, 2, 4, 8 or 32.
    pub const fn total(&self) -> usize {
        self.streams * self.width
    }

    /// The lane layout with this many states in all.
    pub fn with_total(total: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.total() == total)
    }
}

/// Scale groups of a setup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scales {
    /// Every body carries one code per row.
    pub rows: bool,
    /// One code per channel, or none.
    pub channels: Vec<i8>,
}

/// Class maps of a setup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// Every body carries one class per row.
    pub rows: bool,
    /// One class per channel, or none.
    pub channels: Vec<i8>,
}

/// How coded bodies are coded.
#[derive(Clone, Debug, PartialEq)]
pub struct Coding {
    /// Meaning of levels.
    pub domain: Domain,
    /// Interleaving.
    pub lanes: Lanes,
    /// Step of the real domain, positive and finite; 1 elsewhere.
    pub step: f32,
    /// Scale groups.
    pub scales: Scales,
    /// Meaning of tokens.
    pub bins: Bins,
    /// Frequencies.
    pub tables: Tables,
    /// Class maps.
    pub classes: Classes,
    /// Context thresholds, empty without contexts.
    pub thresholds: Thresholds,
    /// Planes per segment; 0 = one segment.
    pub segment_planes: u32,
}

impl Coding {
    /// Contexts per class.
    pub fn contexts(&self) -> usize {
        self.thresholds.as_slice().len() + 1
    }

    /// Number of classes.
    pub fn class_count(&self) -> usize {
        self.tables.count / self.contexts()
    }

    /// Planes of each segment of a view, and how many segments there are.
    pub(crate) fn segmentation(&self, view: &View) -> (usize, usize) {
        let planes = view.planes();
        let per = if self.segment_planes == 0 {
            planes.max(1)
        } else {
            self.segment_planes as usize
        };
        let count = if view.elements() == 0 { 0 } else { planes.div_ceil(per) };
        (per, count)
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
    pub(crate) fn read(r: &mut Reader<'_>, account: &mut Account, old: Option<Self>) -> Result<Self> {
        let start = r.pos();
        let features = r.varint(Field::Features)?;
        r.note(Field::Features, start, f64::from(features));
        let orphan = features & feature::CODED == 0 && features & feature::NEEDS_CODED != 0;
        if features & !feature::KNOWN != 0 || orphan {
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
            Some(read_coding(
                r,
                features,
                (head, coding_start),
                dtype,
                &view,
                account,
                Buffers::of(old),
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
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_varint(out, self.features);
        out.push(self.dtype as u8 | (self.dims.as_slice().len() as u8) << 3);
        for &d in self.dims.as_slice() {
            put_varint(out, d);
        }
        let Some(coding) = &self.coding else {
            out.push(self.layout.code());
            self.write_layout(out);
            return;
        };
        let lanes = Lanes::ALL.iter().position(|l| *l == coding.lanes).unwrap_or(0) as u8;
        out.push(self.layout.code() | (coding.domain as u8) << 2 | lanes << 4);
        self.write_layout(out);
        if coding.domain == Domain::Real {
            out.extend(coding.step.to_le_bytes());
        }
        if self.features & feature::SCALES != 0 {
            out.push(u8::from(coding.scales.rows) | u8::from(!coding.scales.channels.is_empty()) << 1);
            classes::write_list(&coding.scales.channels, out);
        }
        coding.bins.write(out);
        coding.tables.write(out);
        if self.features & feature::CLASSES != 0 {
            out.push(u8::from(coding.classes.rows) | u8::from(!coding.classes.channels.is_empty()) << 1);
            classes::write_list(&coding.classes.channels, out);
        }
        if self.features & feature::CONTEXTS != 0 {
            let thresholds = coding.thresholds.as_slice();
            out.push(thresholds.len() as u8);
            out.extend(thresholds);
        }
        if self.features & feature::SEGMENTS != 0 {
            put_varint(out, coding.segment_planes);
        }
    }

    #[cfg(feature = "encode")]
    fn write_layout(&self, out: &mut Vec<u8>) {
        if let Layout::Custom { axes, groups } = &self.layout {
            out.extend(&axes[..self.dims.as_slice().len()]);
            out.extend(groups);
        }
    }
}

/// The buffers of a setup that is no longer needed: what makes decoding free of allocations after the first frames.
#[derive(Default)]
struct Buffers {
    bins: Vec<Bin>,
    tables: TableBuffers,
    scales: Vec<i8>,
    classes: Vec<i8>,
}

impl Buffers {
    fn of(old: Option<Setup>) -> Self {
        match old.and_then(|setup| setup.coding) {
            Some(coding) => Self {
                bins: coding.bins.into_buffer(),
                tables: coding.tables.into_buffers(),
                scales: coding.scales.channels,
                classes: coding.classes.channels,
            },
            None => Self::default(),
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

fn read_coding(
    r: &mut Reader<'_>,
    features: u32,
    (head, at): (u8, usize),
    dtype: DType,
    view: &View,
    account: &mut Account,
    buffers: Buffers,
) -> Result<Coding> {
    let unsupported = || Error::new(ErrorCode::UnsupportedFeature, Field::Coding, at, head.into());
    let domain = match (head >> 2 & 3, dtype.is_float()) {
        (0, _) => Domain::Real,
        (1, false) => Domain::Integer,
        (2, true) => Domain::FloatBits,
        (3, _) => return Err(unsupported()),
        _ => return Err(Error::new(ErrorCode::Corrupt, Field::Coding, at, head.into())),
    };
    let lanes = *Lanes::ALL.get(usize::from(head >> 4)).ok_or_else(unsupported)?;
    if features & feature::PROFILE != 0 {
        let start = r.pos();
        let id = r.take(8, Field::ProfileId)?;
        let number = u64::from_le_bytes([id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7]]);
        return Err(Error::new(ErrorCode::UnknownProfile, Field::ProfileId, start, number));
    }
    let mut step = 1.0;
    if domain == Domain::Real {
        let start = r.pos();
        step = f32::from_bits(r.u32(Field::Step)?);
        if !(step > 0.0 && step < f32::INFINITY) {
            return Err(Error::new(
                ErrorCode::Corrupt,
                Field::Step,
                start,
                u64::from(step.to_bits()),
            ));
        }
        r.note(Field::Step, start, f64::from(step));
    }
    let mut scales = Scales::default();
    if features & feature::SCALES != 0 {
        let (rows, channels) = read_groups(r, account, view, (-127, 127), Field::Scales, buffers.scales)?;
        if domain != Domain::Real {
            return r.fail(ErrorCode::Corrupt, Field::Scales, head.into());
        }
        scales = Scales { rows, channels };
    }
    let bins = Bins::read(r, buffers.bins)?;
    let tables = Tables::read(r, &bins, account, buffers.tables)?;
    let mut class_map = Classes::default();
    if features & feature::CLASSES != 0 {
        let (rows, channels) = read_groups(r, account, view, (-63, 63), Field::Classes, buffers.classes)?;
        class_map = Classes { rows, channels };
    }
    let mut thresholds = Thresholds::default();
    if features & feature::CONTEXTS != 0 {
        thresholds = Thresholds::read(r)?;
    }
    if !tables.count.is_multiple_of(thresholds.as_slice().len() + 1) {
        return r.fail(ErrorCode::BadTable, Field::Contexts, tables.count as u64);
    }
    let mut segment_planes = 0;
    if features & feature::SEGMENTS != 0 {
        let start = r.pos();
        segment_planes = r.varint(Field::Segments)?;
        if segment_planes == 0 {
            return Err(Error::new(ErrorCode::Corrupt, Field::Segments, start, 0));
        }
        r.note(Field::Segments, start, f64::from(segment_planes));
    }
    Ok(Coding {
        domain,
        lanes,
        step,
        scales,
        bins,
        tables,
        classes: class_map,
        thresholds,
        segment_planes,
    })
}

/// Reads the group flags of scales or classes: bit 0 rows (codes in every body), bit 1 channels (codes here).
fn read_groups(
    r: &mut Reader<'_>,
    account: &mut Account,
    view: &View,
    range: (i32, i32),
    field: Field,
    mut channels: Vec<i8>,
) -> Result<(bool, Vec<i8>)> {
    let start = r.pos();
    let flags = r.u8(field)?;
    if flags == 0 || flags > 3 {
        return Err(Error::new(ErrorCode::UnsupportedFeature, field, start, flags.into()));
    }
    r.note(field, start, flags.into());
    let count = if flags & 2 != 0 { view.channels } else { 0 };
    classes::read_list(r, account, count, range, field, &mut channels)?;
    Ok((flags & 1 != 0, channels))
}

/// Metadata is for people and tools; a decoder checks its lengths and steps over it.
fn skip_metadata(r: &mut Reader<'_>) -> Result<()> {
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
