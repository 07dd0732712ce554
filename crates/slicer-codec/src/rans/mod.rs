//! Interleaved rANS: 32-bit states, 16-bit words, static tables (spec § rANS).
//!
//! Asymmetric numeral systems: J. Duda, arXiv 1311.2540 (2013). A state x ≥ 2^15 decodes a token from its low bits,
//! then takes a 16-bit word whenever it fell below 2^15.

pub(crate) mod decode;
#[cfg(all(feature = "std", target_arch = "x86_64"))]
mod decode_avx2;
#[cfg(all(target_arch = "wasm32", feature = "simd128"))]
mod decode_simd128;
#[cfg(feature = "encode")]
pub(crate) mod encode;
#[cfg(all(feature = "encode", feature = "std", target_arch = "x86_64"))]
mod encode_avx2;
#[cfg(all(feature = "encode", target_arch = "wasm32", feature = "simd128"))]
mod encode_simd128;

/// Lower bound of a normalised state.
pub(crate) const LOWER: u32 = 1 << 15;

/// State in which a single-lane encoder starts, and which its decoder must end in.
///
/// With one lane no word can be outstanding while the state is small, so the encoder need not begin at [`LOWER`]: this saves
/// almost two bytes a frame, 1 % of a typical token.
pub(crate) const SINGLE_START: u32 = 1;
