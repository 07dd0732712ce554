//! Framing: standalone frames and bare bodies (spec § Framing).

use crate::bytes::{Entry, Reader};
use crate::classes;
use crate::crc32c::crc32c;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::{Dims, View};
use crate::limits::{Account, Limits};
use crate::profile::Profile;
use crate::setup::{Setup, feature};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// First bytes of a standalone frame.
pub const MAGIC: [u8; 4] = *b"SLCF";
/// Version of the bitstream: 0 until it is frozen.
pub const VERSION: u8 = 0;
/// Draft of version 0 that this build reads and writes; no other.
pub const DRAFT: u8 = 2;

/// Body header bits.
pub(crate) mod body_flag {
    /// The payload is the tensor's bytes.
    pub const RAW: u8 = 1 << 0;
    /// A step index follows.
    pub const STEP: u8 = 1 << 1;
    /// Adaptive classes begin anew.
    pub const RESET: u8 = 1 << 2;
}

/// How a body is carried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Inside a standalone frame: self-delimiting, checksum after it.
    Standalone,
    /// On its own: its length comes from the carrier.
    Bare,
}

/// A body with its side information parsed and its payload located.
pub(crate) struct Body<'a> {
    pub dims: Dims,
    /// The tensor's view, and the one its levels are coded in.
    pub view: View,
    pub coded: View,
    pub raw: bool,
    pub reset: bool,
    pub step_index: i8,
    pub lists: &'a Lists,
    pub payload: &'a [u8],
    /// Where the payload begins in the input.
    pub base: usize,
}

/// The lists of a body, in buffers that the decoder keeps.
#[derive(Default)]
pub(crate) struct Lists {
    pub row_scales: Vec<i8>,
    pub row_classes: Vec<i8>,
    /// Byte lengths of the segments.
    pub lengths: Vec<usize>,
}

/// Reads magic, version, setup and body of a standalone frame and checks the checksum.
pub(crate) fn read_standalone<'a>(
    bytes: &'a [u8],
    account: &mut Account,
    profiles: &[Arc<Profile>],
    trace: Option<&'a mut Vec<Entry>>,
    old: Option<Setup>,
    lists: &'a mut Lists,
) -> Result<(Setup, Body<'a>)> {
    let mut r = match trace {
        Some(trace) => Reader::traced(bytes, trace),
        None => Reader::new(bytes),
    };
    let magic = r.take(4.min(bytes.len()), Field::Magic)?;
    if magic != &MAGIC[..magic.len()] {
        return Err(Error::new(ErrorCode::BadMagic, Field::Magic, 0, 0));
    }
    r.take(4 - magic.len(), Field::Magic)?;
    r.note(Field::Magic, 0, 0.0);
    let version = r.take(2, Field::Version)?;
    if version != [VERSION, DRAFT] {
        let found = u64::from(version[0]) << 8 | u64::from(version[1]);
        return Err(Error::new(ErrorCode::UnsupportedVersion, Field::Version, 4, found));
    }
    r.note(Field::Version, 4, f64::from(DRAFT));
    let setup = Setup::read(&mut r, profiles, account, old)?;
    let body = read_body(&mut r, &setup, Framing::Standalone, account, lists)?;
    let start = r.pos();
    let stored = r.u32(Field::Checksum)?;
    r.note(Field::Checksum, start, f64::from(stored));
    if r.remaining() > 0 {
        return r.fail(ErrorCode::TrailingBytes, Field::Checksum, r.remaining() as u64);
    }
    verify(&bytes[..start], stored, start)?;
    Ok((setup, body))
}

/// Reads a setup that stands alone in a container or session.
pub(crate) fn read_setup(bytes: &[u8], profiles: &[Arc<Profile>], limits: Limits) -> Result<Setup> {
    let mut account = Account::new(limits);
    let mut r = Reader::new(bytes);
    let version = r.take(2, Field::Version)?;
    if version != [VERSION, DRAFT] {
        let found = u64::from(version[0]) << 8 | u64::from(version[1]);
        return Err(Error::new(ErrorCode::UnsupportedVersion, Field::Version, 0, found));
    }
    let setup = Setup::read(&mut r, profiles, &mut account, None)?;
    if r.remaining() > 0 {
        return r.fail(ErrorCode::TrailingBytes, Field::Metadata, r.remaining() as u64);
    }
    Ok(setup)
}

/// Reads a bare body, its own checksum included where the setup asks for one.
pub(crate) fn read_bare<'a>(
    bytes: &'a [u8],
    setup: &Setup,
    account: &mut Account,
    lists: &'a mut Lists,
) -> Result<Body<'a>> {
    let mut content = bytes;
    if setup.features & feature::BODY_CHECKSUM != 0 {
        let Some(at) = bytes.len().checked_sub(4) else {
            return Err(Error::new(
                ErrorCode::Truncated,
                Field::Checksum,
                bytes.len(),
                4 - bytes.len() as u64,
            ));
        };
        let stored = Reader::new(&bytes[at..]).u32(Field::Checksum)?;
        verify(&bytes[..at], stored, at)?;
        content = &bytes[..at];
    }
    let mut r = Reader::new(content);
    let body = read_body(&mut r, setup, Framing::Bare, account, lists)?;
    if r.remaining() > 0 {
        return r.fail(ErrorCode::TrailingBytes, Field::Payload, r.remaining() as u64);
    }
    Ok(body)
}

fn verify(bytes: &[u8], stored: u32, at: usize) -> Result<()> {
    let computed = crc32c(bytes);
    if computed == stored {
        Ok(())
    } else {
        Err(Error::new(
            ErrorCode::ChecksumMismatch,
            Field::Checksum,
            at,
            computed.into(),
        ))
    }
}

fn read_body<'a>(
    r: &mut Reader<'a>,
    setup: &Setup,
    framing: Framing,
    account: &mut Account,
    lists: &'a mut Lists,
) -> Result<Body<'a>> {
    lists.row_scales.clear();
    lists.row_classes.clear();
    lists.lengths.clear();
    let start = r.pos();
    let head = r.u8(Field::BodyHeader)?;
    r.note(Field::BodyHeader, start, f64::from(head));
    let raw = head & body_flag::RAW != 0;
    let has_step = head & body_flag::STEP != 0;
    let reset = head & body_flag::RESET != 0;
    if head & !(body_flag::RAW | body_flag::STEP | body_flag::RESET) != 0 {
        return Err(Error::new(
            ErrorCode::UnsupportedFeature,
            Field::BodyHeader,
            start,
            head.into(),
        ));
    }
    let real = setup
        .coding
        .as_ref()
        .is_some_and(|c| c.domain == crate::coding::Domain::Real);
    let adaptive = setup.coding.as_ref().is_some_and(|c| c.adaptive);
    if (!raw && setup.coding.is_none()) || (has_step && (raw || !real)) || (reset && !adaptive) {
        return Err(Error::new(ErrorCode::Corrupt, Field::BodyHeader, start, head.into()));
    }
    let (dims, view) = read_row_count(r, setup)?;
    let size = view.elements() as u64 * setup.dtype.size() as u64;
    account.charge_bytes(size, Field::Dims, start)?;
    // A 32-bit host cannot address what its caller allowed.
    let Ok(size) = usize::try_from(size) else {
        return Err(Error::new(ErrorCode::LimitExceeded, Field::Dims, start, size));
    };
    account.charge_work(view.elements() as u64 + 1, Field::Dims, start)?;
    let (mut step_index, mut coded, base, payload);
    (step_index, coded) = (0i8, view);
    match &setup.coding {
        Some(coding) if !raw => {
            coded = coding.coded(&view);
            if has_step {
                let at = r.pos();
                step_index = r.u8(Field::StepIndex)? as i8;
                if step_index == -128 {
                    return Err(Error::new(ErrorCode::Corrupt, Field::StepIndex, at, 128));
                }
                r.note(Field::StepIndex, at, f64::from(step_index));
            }
            if coding.scales.rows {
                classes::read_list(
                    r,
                    account,
                    view.rows,
                    (-127, 127),
                    Field::RowScales,
                    &mut lists.row_scales,
                )?;
            }
            if coding.classes.rows {
                classes::read_list(
                    r,
                    account,
                    view.rows,
                    (-63, 63),
                    Field::RowClasses,
                    &mut lists.row_classes,
                )?;
            }
            let count = coding.segmentation(&coded).1;
            (base, payload) = read_segments(r, count, framing, account, &mut lists.lengths)?;
        }
        _ => {
            base = r.pos();
            payload = r.take(size, Field::Data)?;
            r.note(Field::Data, base, size as f64);
        }
    }
    Ok(Body {
        dims,
        view,
        coded,
        raw,
        reset,
        step_index,
        lists,
        payload,
        base,
    })
}

fn read_row_count(r: &mut Reader<'_>, setup: &Setup) -> Result<(Dims, View)> {
    if setup.features & feature::ROWS == 0 {
        return Ok((setup.dims, setup.view));
    }
    let start = r.pos();
    let count = r.varint(Field::RowCount)?;
    r.note(Field::RowCount, start, f64::from(count));
    let mut all = [0u32; crate::limits::MAX_RANK];
    let rank = setup.dims.as_slice().len();
    all[..rank].copy_from_slice(setup.dims.as_slice());
    if count > all[0] {
        return Err(Error::new(ErrorCode::BadDims, Field::RowCount, start, count.into()));
    }
    all[0] = count;
    let dims = Dims::new(&all[..rank])?;
    Ok((dims, View::new(&dims, &setup.layout)?))
}

/// Standalone frames list every segment's length; bare bodies leave out the last. Returns the payload and where it begins.
fn read_segments<'a>(
    r: &mut Reader<'a>,
    count: usize,
    framing: Framing,
    account: &mut Account,
    lengths: &mut Vec<usize>,
) -> Result<(usize, &'a [u8])> {
    let start = r.pos();
    let implied = framing == Framing::Bare && count > 0;
    let listed = count - usize::from(implied);
    // Every length takes at least a byte: refuse an impossible count before allocating for it.
    if listed > r.remaining() {
        let missing = (listed - r.remaining()) as u64;
        return Err(Error::new(
            ErrorCode::Truncated,
            Field::SegmentTable,
            start + r.remaining(),
            missing,
        ));
    }
    account.charge_bytes(8 * count as u64, Field::SegmentTable, start)?;
    lengths.reserve(count);
    let mut total = 0usize;
    for _ in 0..listed {
        let length = r.varint(Field::SegmentTable)? as usize;
        total = total.saturating_add(length);
        lengths.push(length);
    }
    r.note(Field::SegmentTable, start, count as f64);
    let base = r.pos();
    if implied {
        let rest = r.remaining().saturating_sub(total);
        lengths.push(rest);
        total = total.saturating_add(rest);
    }
    let payload = r.take(total, Field::Payload)?;
    r.note(Field::Payload, base, total as f64);
    Ok((base, payload))
}
