//! CRC-32C (Castagnoli, RFC 3720 appendix B.4) (spec § Checksum).

const POLYNOMIAL: u32 = 0x82f6_3b78;
/// From here on it pays to build the seven derived tables, which would be dead weight in a WASM file.
const LONG: usize = 1 << 14;

static TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0u32; 256];
    let mut i = 0;
    while i < 256 {
        let mut c = i as u32;
        let mut bit = 0;
        while bit < 8 {
            c = if c & 1 == 1 { c >> 1 ^ POLYNOMIAL } else { c >> 1 };
            bit += 1;
        }
        table[i] = c;
        i += 1;
    }
    table
}

fn bytewise(c: u32, data: &[u8]) -> u32 {
    data.iter()
        .fold(c, |c, &b| c >> 8 ^ TABLE[((c ^ u32::from(b)) & 0xff) as usize])
}

/// Eight bytes a step: table s advances a byte by s more bytes.
fn slices(mut c: u32, data: &[u8]) -> u32 {
    let mut tables = [TABLE; 8];
    let mut previous = TABLE;
    for table in &mut tables[1..] {
        for c in &mut previous {
            *c = *c >> 8 ^ TABLE[(*c & 0xff) as usize];
        }
        *table = previous;
    }
    for word in data.as_chunks::<8>().0 {
        let mixed = u64::from_le_bytes(*word) ^ u64::from(c);
        // Written out because a build for size unrolls no loop.
        let at = |byte: usize| tables[7 - byte][(mixed >> (8 * byte)) as usize & 0xff];
        c = at(0) ^ at(1) ^ at(2) ^ at(3) ^ at(4) ^ at(5) ^ at(6) ^ at(7);
    }
    c
}

/// Bytes of a run of which three are read side by side.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
const RUN: usize = 2048;

/// Product of two remainders, in which bit 31 is x⁰.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
const fn product(a: u32, mut b: u32) -> u32 {
    let (mut sum, mut bit) = (0, 32);
    while bit > 0 {
        bit -= 1;
        sum ^= b & (a >> bit & 1).wrapping_neg();
        b = b >> 1 ^ POLYNOMIAL & (b & 1).wrapping_neg();
    }
    sum
}

/// What so many zero bytes multiply a remainder by.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
const fn zeros(bytes: usize) -> u32 {
    let (mut power, mut done) = (1 << 31, 0);
    while done < bytes {
        power = product(power, 1 << 23);
        done += 1;
    }
    power
}

/// The processor's own instruction: eight bytes a step, and of long data three steps at a time, as each waits for the one before.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "sse4.2")]
fn by_instruction(mut c: u32, data: &[u8]) -> u32 {
    use core::arch::x86_64::{_mm_crc32_u8, _mm_crc32_u64};
    const BEHIND: u32 = zeros(RUN);
    let mut threes = data.chunks_exact(3 * RUN);
    for runs in &mut threes {
        let (first, rest) = runs.as_chunks().0.split_at(RUN / 8);
        let (second, third) = rest.split_at(RUN / 8);
        let mut sums = [u64::from(c), 0, 0];
        for ((x, y), z) in first.iter().zip(second).zip(third) {
            sums[0] = _mm_crc32_u64(sums[0], u64::from_le_bytes(*x));
            sums[1] = _mm_crc32_u64(sums[1], u64::from_le_bytes(*y));
            sums[2] = _mm_crc32_u64(sums[2], u64::from_le_bytes(*z));
        }
        let [x, y, z] = sums.map(|sum| sum as u32);
        c = product(product(x, BEHIND) ^ y, BEHIND) ^ z;
    }
    let (words, tail) = threes.remainder().as_chunks();
    let c = words
        .iter()
        .fold(u64::from(c), |c, w| _mm_crc32_u64(c, u64::from_le_bytes(*w)));
    tail.iter().fold(c as u32, |c, &b| _mm_crc32_u8(c, b))
}

/// CRC-32C of `data`, initial value and final complement as in RFC 3720.
pub fn crc32c(data: &[u8]) -> u32 {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if std::arch::is_x86_feature_detected!("sse4.2") {
        // SAFETY: the processor has SSE4.2, which is all the function asks for.
        #[allow(unsafe_code)]
        return !unsafe { by_instruction(!0, data) };
    }
    let whole = if data.len() < LONG { 0 } else { data.len() & !7 };
    let (head, tail) = data.split_at(whole);
    let c = if whole > 0 { slices(!0, head) } else { !0 };
    !bytewise(c, tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn check_value() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(b""), 0);
    }

    #[test]
    fn long_and_short_ways_agree() {
        let data: Vec<u8> = (0..LONG + 13).map(|i| (i * 31 % 253) as u8).collect();
        assert_eq!(crc32c(&data), !bytewise(!0, &data));
        assert_eq!(slices(!0, &data[..LONG]), bytewise(!0, &data[..LONG]));
        for n in (0..258).chain(6140..6150).chain(12_280..12_300) {
            assert_eq!(crc32c(&data[..n]), !bytewise(!0, &data[..n]));
        }
    }
}
