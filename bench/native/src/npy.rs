//! Just enough of .npy for what `bench/rate` writes: float32 in C order.

use std::io;

/// A tensor in memory.
pub struct Tensor {
    pub dims: Vec<u32>,
    pub values: Vec<f32>,
}

impl Tensor {
    /// The elements as little-endian bytes.
    pub fn bytes(&self) -> &[u8] {
        let values = &self.values[..];
        // SAFETY: every byte of an f32 is initialised, and u8 has no alignment to keep.
        unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
    }
}

/// Reads a file.
pub fn read(path: &str) -> io::Result<Tensor> {
    let bytes = std::fs::read(path).map_err(|e| io::Error::new(e.kind(), format!("{path}: {e}")))?;
    parse(&bytes).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("{path} is not a float32 .npy")))
}

fn parse(bytes: &[u8]) -> Option<Tensor> {
    let length = usize::from(u16::from_le_bytes(bytes.get(8..10)?.try_into().ok()?));
    let header = std::str::from_utf8(bytes.get(10..10 + length)?).ok()?;
    if !bytes.starts_with(b"\x93NUMPY\x01") || !header.contains("'<f4'") || header.contains("True") {
        return None;
    }
    let shape = header.split_once('(')?.1.split_once(')')?.0;
    let dims: Vec<u32> = shape
        .split(',')
        .map(str::trim)
        .filter(|d| !d.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let data = &bytes[10 + length..];
    let count = dims.iter().map(|&d| d as usize).product::<usize>();
    let values: Vec<f32> = data
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    (values.len() == count && data.len() == 4 * count).then_some(Tensor { dims, values })
}
