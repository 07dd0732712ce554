//! Profiles: calibrated side information for one cut of one model (spec/profile.md).

use crate::bytes::Reader;
use crate::classes;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::frame::{DRAFT, VERSION};
use crate::limits::{Account, Limits};
use crate::setup::skip_metadata;
use crate::sha256::sha256;
use alloc::vec::Vec;

/// First bytes of a profile.
pub const PROFILE_MAGIC: [u8; 4] = *b"SLCP";
/// Most channels.
pub const MAX_CHANNELS: u32 = 65536;
/// Most points of a curve.
const MAX_POINTS: u32 = 256;
/// Bytes before the content.
const HEADER: usize = 38;

/// Bits of the sections field.
pub mod section {
    /// Mean of every channel.
    pub const MEAN: u32 = 1 << 0;
    /// Class of every channel.
    pub const CLASSES: u32 = 1 << 1;
    /// Matrix from coefficients to channels.
    pub const TRANSFORM: u32 = 1 << 2;
    /// Matrix from channels to coefficients.
    pub const FORWARD: u32 = 1 << 3;
    /// What was found to pay.
    pub const RECIPE: u32 = 1 << 4;
    /// Steps, bytes and divergence.
    pub const CURVE: u32 = 1 << 5;
    /// Records for people and tools.
    pub const METADATA: u32 = 1 << 6;
    /// All of them.
    pub const KNOWN: u32 = (1 << 7) - 1;
}

/// Bits of a recipe.
pub mod recipe {
    /// Channel transform.
    pub const TRANSFORM: u8 = 1 << 0;
    /// DCT.
    pub const DCT: u8 = 1 << 1;
    /// Frequency weight.
    pub const WEIGHT: u8 = 1 << 2;
    /// Trellis.
    pub const TRELLIS: u8 = 1 << 3;
    /// Dense coder.
    pub const DENSE: u8 = 1 << 4;
    /// Step that keeps the source's energy.
    pub const ENERGY: u8 = 1 << 5;
    /// All of them.
    pub const KNOWN: u8 = (1 << 6) - 1;
}

/// A channel transform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transform {
    /// Number of coefficients, at most the channels.
    pub coefficients: usize,
    /// Class integer per coefficient.
    pub classes: Vec<i8>,
    /// A, column by column: `coefficients` × channels.
    pub inverse: Vec<f32>,
    /// Largest magnitude in A.
    pub peak: f32,
    /// F, row by row: `coefficients` × channels; empty without the section.
    pub forward: Vec<f32>,
}

/// A point of the curve: what a step costs, in bytes a frame and in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Quantisation step.
    pub step: f32,
    /// Bytes per frame.
    pub bytes: f32,
    /// Divergence of the task's output, nats.
    pub kl: f32,
}

/// A parsed profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// SHA-256 of the content; the first eight bytes are the id.
    pub hash: [u8; 32],
    /// Channels of the coding view it is for.
    pub channels: usize,
    /// Mean of every channel, or none.
    pub mean: Vec<f32>,
    /// Class integer of every channel, or none.
    pub classes: Vec<i8>,
    /// Channel transform.
    pub transform: Option<Transform>,
    /// Bits of [`recipe`]; `None` without the section.
    pub recipe: Option<u8>,
    /// Steps ascending; empty without the section.
    pub curve: Vec<Point>,
}

impl Profile {
    /// Parses and checks a profile. Nothing is allocated before its length is known to be there.
    #[inline(never)]
    pub fn parse(bytes: &[u8], limits: Limits) -> Result<Self> {
        let mut r = Reader::new(bytes);
        let magic = r.take(4.min(bytes.len()), Field::Magic)?;
        if magic != &PROFILE_MAGIC[..magic.len()] {
            return Err(Error::new(ErrorCode::BadMagic, Field::Magic, 0, 0));
        }
        r.take(4 - magic.len(), Field::Magic)?;
        let version = r.take(2, Field::Version)?;
        if version != [VERSION, DRAFT] {
            let found = u64::from(version[0]) << 8 | u64::from(version[1]);
            return Err(Error::new(ErrorCode::UnsupportedVersion, Field::Version, 4, found));
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(r.take(32, Field::ProfileId)?);
        if sha256(&bytes[HEADER..]) != hash {
            return Err(Error::new(ErrorCode::ChecksumMismatch, Field::ProfileId, 6, 0));
        }
        let profile = Self::content(&mut r, hash, &mut Account::new(limits))?;
        if r.remaining() > 0 {
            return r.fail(ErrorCode::TrailingBytes, Field::Profile, r.remaining() as u64);
        }
        Ok(profile)
    }

    fn content(r: &mut Reader<'_>, hash: [u8; 32], account: &mut Account) -> Result<Self> {
        let start = r.pos();
        let sections = r.varint(Field::Profile)?;
        let forward_alone = sections & section::FORWARD != 0 && sections & section::TRANSFORM == 0;
        if sections & !section::KNOWN != 0 || forward_alone {
            return Err(Error::new(
                ErrorCode::UnsupportedFeature,
                Field::Profile,
                start,
                sections.into(),
            ));
        }
        let has = |bit: u32| sections & bit != 0;
        let channels = size(r, MAX_CHANNELS)?;
        let mut profile = Self {
            hash,
            channels,
            ..Self::default()
        };
        if has(section::MEAN) {
            let at = r.pos();
            account.charge_bytes(4 * channels as u64, Field::Profile, at)?;
            profile.mean = floats(r.take(4 * channels, Field::Profile)?).collect();
            if profile.mean.iter().any(|m| !m.is_finite()) {
                return Err(Error::new(ErrorCode::Corrupt, Field::Profile, at, 0));
            }
        }
        if has(section::CLASSES) {
            classes::read_list(r, account, channels, (-63, 63), Field::Profile, &mut profile.classes)?;
        }
        if has(section::TRANSFORM) {
            let coefficients = size(r, channels as u32)?;
            let mut transform = Transform {
                coefficients,
                ..Transform::default()
            };
            classes::read_list(
                r,
                account,
                coefficients,
                (-63, 63),
                Field::Profile,
                &mut transform.classes,
            )?;
            transform.inverse = columns(r, account, coefficients, channels)?;
            transform.peak = transform
                .inverse
                .iter()
                .fold(0.0, |m, a| if a.abs() > m { a.abs() } else { m });
            if has(section::FORWARD) {
                transform.forward = columns(r, account, coefficients, channels)?;
            }
            profile.transform = Some(transform);
        }
        if has(section::RECIPE) {
            let tools = r.u8(Field::Profile)?;
            if tools & !recipe::KNOWN != 0 {
                return r.fail(ErrorCode::UnsupportedFeature, Field::Profile, tools.into());
            }
            profile.recipe = Some(tools);
        }
        if has(section::CURVE) {
            profile.curve = curve(r)?;
        }
        if has(section::METADATA) {
            skip_metadata(r)?;
        }
        Ok(profile)
    }

    /// The first eight bytes of the hash.
    pub fn id(&self) -> [u8; 8] {
        let mut id = [0; 8];
        id.copy_from_slice(&self.hash[..8]);
        id
    }
}

/// A size between 1 and `most`.
fn size(r: &mut Reader<'_>, most: u32) -> Result<usize> {
    let at = r.pos();
    let n = r.varint(Field::Profile)?;
    if n == 0 || n > most {
        return Err(Error::new(ErrorCode::BadDims, Field::Profile, at, n.into()));
    }
    Ok(n as usize)
}

fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

/// Columns of 16-bit integers with a scale each.
fn columns(r: &mut Reader<'_>, account: &mut Account, count: usize, channels: usize) -> Result<Vec<f32>> {
    let at = r.pos();
    let column = 4 + 2 * channels;
    // 64 bits: on a 32-bit host 65536 columns of 65536 would pass as none.
    let needed = count as u64 * column as u64;
    if needed > r.remaining() as u64 {
        let missing = needed - r.remaining() as u64;
        return Err(Error::new(
            ErrorCode::Truncated,
            Field::Transform,
            at + r.remaining(),
            missing,
        ));
    }
    account.charge_bytes(4 * count as u64 * channels as u64, Field::Transform, at)?;
    let mut matrix = Vec::new();
    let full = |_| {
        Error::new(
            ErrorCode::LimitExceeded,
            Field::Transform,
            at,
            (count * channels) as u64,
        )
    };
    matrix.try_reserve_exact(count * channels).map_err(full)?;
    for _ in 0..count {
        let start = r.pos();
        let scale = f32::from_bits(r.u32(Field::Transform)?);
        if !(scale > 0.0 && scale * 32768.0 < f32::INFINITY) {
            return Err(Error::new(
                ErrorCode::Corrupt,
                Field::Transform,
                start,
                u64::from(scale.to_bits()),
            ));
        }
        let entries = r.take(2 * channels, Field::Transform)?.chunks_exact(2);
        matrix.extend(entries.map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) * scale));
    }
    Ok(matrix)
}

fn curve(r: &mut Reader<'_>) -> Result<Vec<Point>> {
    let at = r.pos();
    let corrupt = Err(Error::new(ErrorCode::Corrupt, Field::Profile, at, 0));
    let count = r.varint(Field::Profile)?;
    if count > MAX_POINTS {
        return corrupt;
    }
    let bytes = r.take(12 * count as usize, Field::Profile)?;
    let mut points: Vec<Point> = Vec::new();
    for b in bytes.chunks_exact(12) {
        let [step, bytes, kl] = [0, 4, 8].map(|i| f32::from_le_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]));
        let usable = |v: f32| v > 0.0 && v < f32::INFINITY;
        let ascending = points.last().is_none_or(|p| step > p.step);
        if !(usable(step) && usable(bytes) && usable(kl) && ascending) {
            return corrupt;
        }
        points.push(Point { step, bytes, kl });
    }
    Ok(points)
}
