//! How coded bodies are coded: the part of a setup behind feature bit 0 (spec § 4.2, § 4.3).

use crate::bins::{Bin, Bins};
use crate::bytes::Reader;
#[cfg(feature = "encode")]
use crate::bytes::put_varint;
use crate::classes;
use crate::contexts::Thresholds;
use crate::dtype::DType;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::View;
use crate::limits::Account;
use crate::profile::{Profile, Transform};
use crate::setup::feature;
use crate::tables::{TableBuffers, Tables};
use alloc::sync::Arc;
use alloc::vec::Vec;

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
    pub(crate) const ALL: [Self; 5] = [
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
    /// Levels are coded by the dense coder; bins and tables are empty then.
    pub dense: bool,
    /// Two union quantisers, chosen by the trellis.
    pub trellis: bool,
    /// Channel classes follow the levels.
    pub adaptive: bool,
    /// The profile in use.
    pub profile: Option<ProfileUse>,
    /// Coefficients are turned into channels by the profile's matrix.
    pub channel_transform: bool,
    /// Planes hold DCT coefficients: with (`true`) or without frequency weight.
    pub dct: Option<bool>,
}

/// A profile and what of it is used.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileUse {
    /// The profile.
    pub profile: Arc<Profile>,
    /// Its means are added to the channels.
    pub mean: bool,
    /// Its classes are the channels' classes.
    pub classes: bool,
}

/// Bits of the byte of uses.
const USE_MEAN: u8 = 1;
const USE_CLASSES: u8 = 2;

impl Coding {
    /// Tables per class: contexts, or union quantisers.
    pub fn contexts(&self) -> usize {
        if self.trellis {
            2
        } else {
            self.thresholds.as_slice().len() + 1
        }
    }

    /// The matrix in use.
    pub(crate) fn matrix(&self) -> Option<&Transform> {
        let used = self.profile.as_ref().filter(|_| self.channel_transform)?;
        used.profile.transform.as_ref()
    }

    /// The means in use; empty without.
    pub(crate) fn means(&self) -> &[f32] {
        match &self.profile {
            Some(used) if used.mean => &used.profile.mean,
            _ => &[],
        }
    }

    /// True if reconstructed values are coefficients that need more than conversion.
    pub(crate) fn has_transforms(&self) -> bool {
        self.dct.is_some() || self.channel_transform || !self.means().is_empty()
    }

    /// True if levels, rather than tokens, come out of a segment.
    pub(crate) fn by_levels(&self) -> bool {
        self.dense || self.trellis || self.adaptive
    }

    /// The view in which the levels of a tensor are coded.
    pub(crate) fn coded(&self, view: &View) -> View {
        match self.matrix() {
            Some(matrix) => view.with_channels(matrix.coefficients),
            None => *view,
        }
    }

    /// How neighbours in lines of `width` values make contexts.
    pub(crate) fn neighbours(&self, width: usize) -> slicer_kernels::planes::Neighbours<'_> {
        crate::contexts::neighbours(&self.bins, width, self.thresholds.as_slice())
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

/// Bytes of parts of a setup.
#[cfg(feature = "encode")]
#[derive(Clone, Copy, Default)]
pub(crate) struct Parts {
    pub bins: usize,
    pub tables: usize,
    /// Scales, classes, contexts, segment size.
    pub maps: usize,
}

/// The buffers of a setup that is no longer needed: what makes decoding free of allocations after the first frames.
#[derive(Default)]
pub(crate) struct Buffers {
    bins: Vec<Bin>,
    tables: TableBuffers,
    scales: Vec<i8>,
    classes: Vec<i8>,
}

impl Buffers {
    pub fn of(old: Option<Coding>) -> Self {
        match old {
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

impl Coding {
    /// Reads everything between the axes and the metadata.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn read(
        r: &mut Reader<'_>,
        features: u32,
        (head, at): (u8, usize),
        dtype: DType,
        view: &View,
        profiles: &[Arc<Profile>],
        account: &mut Account,
        buffers: Buffers,
    ) -> Result<Self> {
        let has = |bit: u32| features & bit != 0;
        let (domain, lanes) = read_head(features, head, at, dtype, view)?;
        let profile = if has(feature::PROFILE) {
            Some(read_profile(r, features, domain, view, profiles)?)
        } else {
            None
        };
        let mut coding = Self {
            domain,
            lanes,
            step: 1.0,
            scales: Scales::default(),
            bins: Bins::empty(buffers.bins),
            tables: Tables::empty(buffers.tables),
            classes: Classes {
                rows: false,
                channels: Vec::new(),
            },
            thresholds: Thresholds::default(),
            segment_planes: 0,
            dense: has(feature::DENSE),
            trellis: has(feature::TRELLIS),
            adaptive: has(feature::ADAPTIVE),
            profile,
            channel_transform: has(feature::CHANNEL_TRANSFORM),
            dct: None,
        };
        let view = coding.coded(view);
        if domain == Domain::Real {
            coding.step = read_step(r)?;
        }
        if has(feature::DCT) {
            let start = r.pos();
            let flags = r.u8(Field::Dct)?;
            if flags > 1 {
                return Err(Error::new(
                    ErrorCode::UnsupportedFeature,
                    Field::Dct,
                    start,
                    flags.into(),
                ));
            }
            r.note(Field::Dct, start, flags.into());
            coding.dct = Some(flags == 1);
        }
        if has(feature::SCALES) {
            let (rows, channels) = read_groups(
                r,
                account,
                &view,
                (-127, 127),
                (Field::Scales, ROWS | CHANNELS),
                buffers.scales,
            )?;
            if domain != Domain::Real {
                return r.fail(ErrorCode::Corrupt, Field::Scales, head.into());
            }
            coding.scales = Scales { rows, channels };
        }
        if !coding.dense {
            coding.read_fast(r, features, &view, account, buffers.classes)?;
        }
        if has(feature::SEGMENTS) {
            let start = r.pos();
            coding.segment_planes = r.varint(Field::Segments)?;
            if coding.segment_planes == 0 {
                return Err(Error::new(ErrorCode::Corrupt, Field::Segments, start, 0));
            }
            r.note(Field::Segments, start, f64::from(coding.segment_planes));
        }
        Ok(coding)
    }

    /// What the fast coder needs: bins, tables, classes, contexts.
    fn read_fast(
        &mut self,
        r: &mut Reader<'_>,
        features: u32,
        view: &View,
        account: &mut Account,
        classes: Vec<i8>,
    ) -> Result<()> {
        let start = r.pos();
        let bins = core::mem::take(&mut self.bins);
        self.bins = Bins::read(r, bins.into_buffer())?;
        if self.trellis && self.bins.list().iter().any(|b| b.stride != 1 || b.delta != 0) {
            return Err(Error::new(ErrorCode::BadBins, Field::Bins, start, 1));
        }
        let tables = core::mem::take(&mut self.tables);
        self.tables = Tables::read(r, &self.bins, self.trellis, account, tables.into_buffers())?;
        if features & feature::CLASSES != 0 {
            let given = self.adaptive || self.profile.as_ref().is_some_and(|p| p.classes);
            let flags = if given { ROWS } else { ROWS | CHANNELS };
            let (rows, channels) = read_groups(r, account, view, (-63, 63), (Field::Classes, flags), classes)?;
            self.classes = Classes { rows, channels };
        }
        if let Some(used) = self.profile.as_ref().filter(|p| p.classes) {
            let given = match &used.profile.transform {
                Some(transform) if self.channel_transform => &transform.classes,
                _ => &used.profile.classes,
            };
            self.classes.channels.clone_from(given);
        }
        if features & feature::CONTEXTS != 0 {
            self.thresholds = Thresholds::read(r)?;
        }
        if !self.tables.count.is_multiple_of(self.contexts()) {
            return r.fail(ErrorCode::BadTable, Field::Contexts, self.tables.count as u64);
        }
        Ok(())
    }

    /// Writes what [`Self::read`] reads.
    #[cfg(feature = "encode")]
    pub(crate) fn write(&self, features: u32, out: &mut Vec<u8>) -> Parts {
        if let Some(used) = &self.profile {
            out.extend(used.profile.id());
            out.push((u8::from(used.mean) * USE_MEAN) | (u8::from(used.classes) * USE_CLASSES));
        }
        if self.domain == Domain::Real {
            out.extend(self.step.to_le_bytes());
        }
        if let Some(weighted) = self.dct {
            out.push(u8::from(weighted));
        }
        let mut end = out.len();
        let mut written = |out: &Vec<u8>| out.len() - core::mem::replace(&mut end, out.len());
        if features & feature::SCALES != 0 {
            out.push(u8::from(self.scales.rows) | u8::from(!self.scales.channels.is_empty()) << 1);
            classes::write_list(&self.scales.channels, out);
        }
        let scales = written(out);
        if !self.dense {
            self.bins.write(out);
        }
        let bins = written(out);
        if !self.dense {
            self.tables.write(out);
        }
        let tables = written(out);
        if features & feature::CLASSES != 0 {
            let channels = self.own_channel_classes();
            out.push(u8::from(self.classes.rows) | u8::from(!channels.is_empty()) << 1);
            classes::write_list(channels, out);
        }
        if features & feature::CONTEXTS != 0 {
            let thresholds = self.thresholds.as_slice();
            out.push(thresholds.len() as u8);
            out.extend(thresholds);
        }
        if features & feature::SEGMENTS != 0 {
            put_varint(out, self.segment_planes);
        }
        let maps = scales + written(out);
        Parts { bins, tables, maps }
    }

    /// Channel classes that the setup carries itself.
    #[cfg(feature = "encode")]
    pub(crate) fn own_channel_classes(&self) -> &[i8] {
        if self.profile.as_ref().is_some_and(|p| p.classes) {
            &[]
        } else {
            &self.classes.channels
        }
    }
}

/// Checks the coding head and what the features demand of it.
fn read_head(features: u32, head: u8, at: usize, dtype: DType, view: &View) -> Result<(Domain, Lanes)> {
    let fail = |code| Error::new(code, Field::Coding, at, head.into());
    let domain = match (head >> 2 & 3, dtype.is_float()) {
        (0, _) => Domain::Real,
        (1, false) => Domain::Integer,
        (2, true) => Domain::FloatBits,
        (3, _) => return Err(fail(ErrorCode::UnsupportedFeature)),
        _ => return Err(fail(ErrorCode::Corrupt)),
    };
    let lanes = *Lanes::ALL
        .get(usize::from(head >> 4))
        .ok_or(fail(ErrorCode::UnsupportedFeature))?;
    if features & feature::NEEDS_REAL != 0 && domain != Domain::Real {
        return Err(fail(ErrorCode::Corrupt));
    }
    let single = features & (feature::DENSE | feature::ADAPTIVE) != 0 && lanes.total() > 1;
    if single || features & feature::ADAPTIVE != 0 && view.plane() > 1 {
        return Err(fail(ErrorCode::UnsupportedFeature));
    }
    Ok((domain, lanes))
}

fn read_profile(
    r: &mut Reader<'_>,
    features: u32,
    domain: Domain,
    view: &View,
    profiles: &[Arc<Profile>],
) -> Result<ProfileUse> {
    let start = r.pos();
    let bytes = r.take(8, Field::ProfileId)?;
    let mut id = [0; 8];
    id.copy_from_slice(bytes);
    let fail = |code, at| Error::new(code, Field::ProfileId, at, u64::from_le_bytes(id));
    let Some(profile) = profiles.iter().find(|p| p.id() == id) else {
        return Err(fail(ErrorCode::UnknownProfile, start));
    };
    let at = r.pos();
    let uses = r.u8(Field::ProfileId)?;
    r.note(Field::ProfileId, start, uses.into());
    let (mean, classes) = (uses & USE_MEAN != 0, uses & USE_CLASSES != 0);
    if uses & !(USE_MEAN | USE_CLASSES) != 0 {
        return Err(fail(ErrorCode::UnsupportedFeature, at));
    }
    if mean && domain != Domain::Real {
        return Err(fail(ErrorCode::Corrupt, at));
    }
    if classes && features & (feature::DENSE | feature::ADAPTIVE) != 0 {
        return Err(fail(ErrorCode::UnsupportedFeature, at));
    }
    let transform = features & feature::CHANNEL_TRANSFORM != 0;
    let lacking = transform && profile.transform.is_none()
        || mean && profile.mean.is_empty()
        || classes && !transform && profile.classes.is_empty();
    if profile.channels != view.channels || lacking {
        return Err(fail(ErrorCode::ProfileMismatch, at));
    }
    Ok(ProfileUse {
        profile: profile.clone(),
        mean,
        classes,
    })
}

fn read_step(r: &mut Reader<'_>) -> Result<f32> {
    let start = r.pos();
    let step = f32::from_bits(r.u32(Field::Step)?);
    if !(step > 0.0 && step < f32::INFINITY) {
        return Err(Error::new(
            ErrorCode::Corrupt,
            Field::Step,
            start,
            step.to_bits().into(),
        ));
    }
    r.note(Field::Step, start, f64::from(step));
    Ok(step)
}

/// Bits of the flags of scales and classes: codes in every body, codes in the setup.
const ROWS: u8 = 1;
const CHANNELS: u8 = 2;

/// Reads the group flags of scales or classes, of which only `allowed` may be set, and the channels' codes.
fn read_groups(
    r: &mut Reader<'_>,
    account: &mut Account,
    view: &View,
    range: (i32, i32),
    (field, allowed): (Field, u8),
    mut channels: Vec<i8>,
) -> Result<(bool, Vec<i8>)> {
    let start = r.pos();
    let flags = r.u8(field)?;
    if flags == 0 || flags & !allowed != 0 {
        return Err(Error::new(ErrorCode::UnsupportedFeature, field, start, flags.into()));
    }
    r.note(field, start, flags.into());
    let count = if flags & CHANNELS != 0 { view.channels } else { 0 };
    classes::read_list(r, account, count, range, field, &mut channels)?;
    Ok((flags & ROWS != 0, channels))
}
