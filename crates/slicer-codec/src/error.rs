//! Errors are values: a stable code, the byte offset where the problem was seen, and the field it concerns (spec § Error classes).

use core::fmt;

/// Stable error codes. The numbers cross the WASM boundary and never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ErrorCode {
    /// The input ends before the structure it announces.
    Truncated = 1,
    /// A field or the entropy-coded payload contradicts the specification.
    Corrupt = 2,
    /// The first four bytes are not a standalone frame's.
    BadMagic = 3,
    /// The version or draft number is not the one this decoder implements.
    UnsupportedVersion = 4,
    /// A required feature bit, or a reserved value of a field, is not known.
    UnsupportedFeature = 5,
    /// The stream refers to a profile that was not supplied.
    UnknownProfile = 6,
    /// CRC-32C over the encoded bytes does not match.
    ChecksumMismatch = 7,
    /// A documented cap (output bytes, work, memory) would be exceeded.
    LimitExceeded = 8,
    /// Rank, dims or layout are impossible.
    BadDims = 9,
    /// Bins are empty, too many, or leave the 32-bit level range.
    BadBins = 10,
    /// A frequency table has no mass, or the number of tables does not fit the classes and contexts.
    BadTable = 11,
    /// Bytes follow the end of the frame or body.
    TrailingBytes = 12,
    /// The budget is missing, contradictory or out of range.
    InvalidBudget = 32,
    /// No frame meets the budget; `detail` is the smallest possible size in bytes.
    BudgetUnreachable = 33,
    /// The tensor's data does not match its type and dims.
    InvalidTensor = 34,
    /// NaN or infinity in a lossy mode; `detail` is the element's index.
    NonFinite = 35,
    /// An option is unknown or does not apply to this tensor.
    InvalidOption = 36,
}

/// The part of a stream an error or an inspection entry speaks about, named as in the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    /// The four bytes that open a frame.
    Magic = 1,
    /// Version and draft.
    Version = 2,
    /// Required-feature bits.
    Features = 3,
    /// Element type and rank.
    Type = 4,
    /// Dims.
    Dims = 5,
    /// Layout, domain and lanes.
    Coding = 6,
    /// Axis order and groups.
    Layout = 7,
    /// Profile id.
    ProfileId = 8,
    /// Quantisation step.
    Step = 9,
    /// Channel scales.
    Scales = 10,
    /// Bins.
    Bins = 11,
    /// Frequency tables.
    Tables = 12,
    /// Channel classes.
    Classes = 13,
    /// Context thresholds.
    Contexts = 14,
    /// Planes per segment.
    Segments = 15,
    /// Metadata records.
    Metadata = 16,
    /// Body header.
    BodyHeader = 17,
    /// First dim of a body.
    RowCount = 18,
    /// Step index of a body.
    StepIndex = 19,
    /// Scale codes of the rows.
    RowScales = 20,
    /// Classes of the rows.
    RowClasses = 21,
    /// Lengths of the segments.
    SegmentTable = 22,
    /// Entropy-coded payload.
    Payload = 23,
    /// CRC-32C.
    Checksum = 24,
    /// Raw elements.
    Data = 25,
    /// Arguments of a call.
    Options = 26,
}

/// An error with everything a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Stable code.
    pub code: ErrorCode,
    /// The field being read or written.
    pub field: Field,
    /// Byte offset in the input (0 for arguments).
    pub offset: u64,
    /// A number that belongs to the code: bytes missing, the cap, the value found, the smallest possible size.
    pub detail: u64,
}

impl Error {
    /// Builds an error; `offset` counts bytes from the start of the input.
    pub const fn new(code: ErrorCode, field: Field, offset: usize, detail: u64) -> Self {
        Self {
            code,
            field,
            offset: offset as u64,
            detail,
        }
    }

    /// An error about an argument rather than about bytes.
    pub const fn argument(code: ErrorCode, field: Field, detail: u64) -> Self {
        Self::new(code, field, 0, detail)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} in {:?} at byte {} ({})",
            self.code, self.field, self.offset, self.detail
        )
    }
}

impl core::error::Error for Error {}

/// Result of every fallible operation of this crate.
pub type Result<T> = core::result::Result<T, Error>;
