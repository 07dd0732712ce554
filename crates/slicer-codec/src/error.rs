//! Errors are values: a stable code, the byte offset where the problem was seen, and the field it concerns (spec § Error classes).

use core::fmt;
use core::num::NonZeroU64;

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
    /// The profile is for other channels, or lacks what the stream asks of it.
    ProfileMismatch = 13,
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

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 18] = [
        Self::Truncated,
        Self::Corrupt,
        Self::BadMagic,
        Self::UnsupportedVersion,
        Self::UnsupportedFeature,
        Self::UnknownProfile,
        Self::ChecksumMismatch,
        Self::LimitExceeded,
        Self::BadDims,
        Self::BadBins,
        Self::BadTable,
        Self::TrailingBytes,
        Self::ProfileMismatch,
        Self::InvalidBudget,
        Self::BudgetUnreachable,
        Self::InvalidTensor,
        Self::NonFinite,
        Self::InvalidOption,
    ];
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
    /// Channel transform.
    Transform = 27,
    /// DCT.
    Dct = 28,
    /// Content of a profile.
    Profile = 29,
}

/// An error with everything a caller can act on, in one word: `Result<()>` then travels in a register, and the two hundred
/// places that build one stay small.
///
/// Bits 58–63 hold the code, 52–57 the field. Errors about bytes keep the offset in bits 20–51 and a detail in bits 0–19, errors
/// about arguments a detail of 52 bits; what does not fit saturates.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(NonZeroU64);

const OFFSET: u32 = 20;
const FIELD: u32 = 52;
const CODE: u32 = 58;
const DETAIL: u64 = (1 << OFFSET) - 1;
const WIDE_DETAIL: u64 = (1 << FIELD) - 1;
const FIRST_ARGUMENT_CODE: u64 = ErrorCode::InvalidBudget as u64;

impl Error {
    /// An error about the input; `offset` counts bytes from its start.
    pub const fn new(code: ErrorCode, field: Field, offset: usize, detail: u64) -> Self {
        let offset = if offset as u64 > u32::MAX as u64 {
            u32::MAX as u64
        } else {
            offset as u64
        };
        let detail = if detail > DETAIL { DETAIL } else { detail };
        Self::pack(code, field, offset << OFFSET | detail)
    }

    /// An error about an argument rather than about bytes.
    pub const fn argument(code: ErrorCode, field: Field, detail: u64) -> Self {
        if (code as u64) < FIRST_ARGUMENT_CODE {
            return Self::new(code, field, 0, detail);
        }
        Self::pack(code, field, if detail > WIDE_DETAIL { WIDE_DETAIL } else { detail })
    }

    const fn pack(code: ErrorCode, field: Field, value: u64) -> Self {
        match NonZeroU64::new((code as u64) << CODE | (field as u64) << FIELD | value) {
            Some(packed) => Self(packed),
            None => Self(NonZeroU64::MAX),
        }
    }

    /// Stable number of the code; see [`ErrorCode`].
    pub const fn code_number(self) -> u8 {
        (self.0.get() >> CODE) as u8
    }

    /// Stable code.
    pub fn code(self) -> ErrorCode {
        ErrorCode::ALL
            .into_iter()
            .find(|&c| c as u8 == self.code_number())
            .unwrap_or(ErrorCode::Corrupt)
    }

    /// Number of the field being read or written; see [`Field`].
    pub const fn field_number(self) -> u8 {
        (self.0.get() >> FIELD & 63) as u8
    }

    /// Byte offset in the input; 0 for arguments.
    pub const fn offset(self) -> u64 {
        if self.is_argument() {
            0
        } else {
            self.0.get() >> OFFSET & u32::MAX as u64
        }
    }

    /// A number that belongs to the code: bytes missing, the value found, the smallest possible size.
    pub const fn detail(self) -> u64 {
        self.0.get() & if self.is_argument() { WIDE_DETAIL } else { DETAIL }
    }

    const fn is_argument(self) -> bool {
        self.0.get() >> CODE >= FIRST_ARGUMENT_CODE
    }

    /// The same error, seen from an input that begins `base` bytes earlier, as damage of the payload.
    pub(crate) const fn inside_payload(self, base: usize) -> Self {
        Self::new(
            ErrorCode::Corrupt,
            Field::Payload,
            base + self.offset() as usize,
            self.detail(),
        )
    }

    /// The same error at another offset.
    pub(crate) const fn at(self, offset: usize) -> Self {
        let low = (u32::MAX as u64) << OFFSET;
        match NonZeroU64::new(self.0.get() & !low | (offset as u64 & u32::MAX as u64) << OFFSET) {
            Some(packed) => Self(packed),
            None => self,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} in field {} at byte {} ({})",
            self.code(),
            self.field_number(),
            self.offset(),
            self.detail()
        )
    }
}

impl core::error::Error for Error {}

/// Result of every fallible operation of this crate.
pub type Result<T> = core::result::Result<T, Error>;
