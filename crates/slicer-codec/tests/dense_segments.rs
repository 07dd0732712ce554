//! Segments of the dense coder as short as they may be: what begins anew with each is charged for.

use slicer_codec::{ErrorCode, Limits, crc32c, decode};

fn varint(mut v: u32, out: &mut Vec<u8>) {
    while v > 127 {
        out.push(v as u8 | 128);
        v >>= 7;
    }
    out.push(v as u8);
}

#[test]
fn a_segment_per_value_is_no_bargain() {
    let channels = 50_000;
    let mut frame = b"SLCF\0\x02".to_vec();
    varint(1 | 1 << 4 | 1 << 12, &mut frame);
    frame.extend([0x10, 1]);
    varint(channels, &mut frame);
    frame.push(0);
    frame.extend(0.5f32.to_le_bytes());
    frame.extend([1, 0]);
    frame.resize(frame.len() + channels as usize, 1);
    frame.resize(frame.len() + channels as usize, 0x80);
    frame.extend(crc32c(&frame).to_le_bytes());
    let limits = Limits {
        max_work: 1 << 24,
        ..Limits::default()
    };
    assert_eq!(decode(&frame, limits).unwrap_err().code(), ErrorCode::LimitExceeded);
}
