//! Integer lists: Rice-coded signed integers, the one code for everything small in setups and bodies (spec § Integer lists).

use crate::bits::BitReader;
#[cfg(feature = "encode")]
use crate::bits::BitWriter;
use crate::bytes::unzigzag;
#[cfg(feature = "encode")]
use crate::bytes::zigzag;
use crate::error::{Field, Result};

/// Bits of the Rice parameter.
const PARAMETER_BITS: u32 = 3;
/// A quotient this long announces a raw 32-bit value.
const ESCAPE_QUOTIENT: u32 = 16;

/// Reads the Rice parameter of a list.
pub(crate) fn read_parameter(bits: &mut BitReader<'_>, field: Field) -> Result<u32> {
    bits.get(PARAMETER_BITS, field)
}

/// Reads one integer of a list with Rice parameter `k`.
pub(crate) fn read(bits: &mut BitReader<'_>, k: u32, field: Field) -> Result<i32> {
    let mut quotient = 0;
    while quotient < ESCAPE_QUOTIENT && bits.get(1, field)? == 1 {
        quotient += 1;
    }
    let u = if quotient == ESCAPE_QUOTIENT {
        bits.get(32, field)?
    } else {
        quotient << k | bits.get(k, field)?
    };
    Ok(unzigzag(u))
}

#[cfg(feature = "encode")]
fn cost(u: u32, k: u32) -> u32 {
    let quotient = u >> k;
    if quotient < ESCAPE_QUOTIENT {
        quotient + 1 + k
    } else {
        ESCAPE_QUOTIENT + 32
    }
}

/// The cheapest Rice parameter for the values, and the bits the list takes with it, parameter included.
#[cfg(feature = "encode")]
pub(crate) fn best_parameter(values: impl Iterator<Item = i32>) -> (u32, u32) {
    let mut bits = [PARAMETER_BITS; 1 << PARAMETER_BITS];
    // The values may be dear to come by: all parameters at once.
    for v in values {
        for (k, bits) in (0..).zip(&mut bits) {
            *bits += cost(zigzag(v), k);
        }
    }
    (0..)
        .zip(bits)
        .min_by_key(|&(_, bits)| bits)
        .unwrap_or((0, PARAMETER_BITS))
}

/// Writes a list with its cheapest parameter.
#[cfg(feature = "encode")]
pub(crate) fn write(out: &mut BitWriter, values: impl Iterator<Item = i32> + Clone) {
    let (k, _) = best_parameter(values.clone());
    out.put(k, PARAMETER_BITS);
    for v in values {
        let u = zigzag(v);
        let quotient = u >> k;
        if quotient < ESCAPE_QUOTIENT {
            out.put((1 << quotient) - 1, quotient + 1);
            out.put(u & ((1 << k) - 1), k);
        } else {
            out.put((1 << ESCAPE_QUOTIENT) - 1, ESCAPE_QUOTIENT);
            out.put(u, 32);
        }
    }
}
