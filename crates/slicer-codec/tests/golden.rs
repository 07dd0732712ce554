//! Every byte, report, inspection entry and error of this version on seeded tensors, as one hash per subject.
//!
//! The encoder is free in its choices, so a better one may change these numbers; a change that is meant to keep the bytes may
//! not. The data needs no function beyond + − × ÷, so that the hashes are the same on every machine.

#[path = "tensors/elements.rs"]
mod elements;

use slicer_codec::*;

/// FNV-1a.
struct Hash(u64);

impl Hash {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn number(&mut self, n: u64) {
        self.bytes(&n.to_le_bytes());
    }

    fn error(&mut self, e: &Error) {
        self.number(u64::from(e.code_number()) << 8 | u64::from(e.field_number()));
        self.number(e.offset());
        self.number(e.detail());
    }

    fn frame(&mut self, frame: &[u8], limits: Limits) {
        match decode(frame, limits) {
            Ok(t) => {
                self.bytes(&t.bytes);
                for &d in t.dims.as_slice() {
                    self.number(d.into());
                }
            }
            Err(e) => self.error(&e),
        }
        match inspect(frame, &[], limits) {
            Ok(entries) => {
                for e in entries {
                    self.number(e.field as u64);
                    self.number((e.start as u64) << 32 | e.end as u64);
                    self.number(e.value.to_bits());
                }
            }
            Err(e) => self.error(&e),
        }
    }

    fn report(&mut self, r: &Report) {
        let s = &r.sections;
        for v in [r.step, r.nrmse, r.worst_group, r.max_error, r.energy_ratio] {
            // NaN says "not measured"; its bits are the compiler's affair.
            self.number(if v.is_nan() { 1 } else { v.to_bits() });
        }
        for v in [s.header, s.bins, s.tables, s.maps, s.body, s.payload, s.checksum] {
            self.number(v as u64);
        }
        self.number(r.mode as u64);
        self.number(r.bytes);
        self.number(r.raw_bytes);
        self.number(r.warnings.into());
        r.view.iter().for_each(|&v| self.number(v.into()));
    }
}

/// xorshift64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 16) % n
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Nearly normal: a sum of uniforms.
    fn gauss(&mut self) -> f64 {
        (0..6).map(|_| self.unit()).sum::<f64>() * 1.5 - 4.5
    }
}

const KINDS: u64 = 9;

/// Little-endian bytes of `dims` values of one of nine kinds of distribution.
fn tensor(dtype: DType, dims: &[u32], kind: u64, r: &mut Random) -> Vec<u8> {
    let n = dims.iter().product::<u32>() as usize;
    let width = dims.last().copied().unwrap_or(1).max(1) as usize;
    let mut bytes = Vec::with_capacity(n * dtype.size());
    let mut previous = 0.0;
    for i in 0..n {
        let g = r.gauss();
        previous = 0.9 * previous + 0.3 * g;
        let v = match kind {
            0 => g,
            1 => {
                if g > 0.3 {
                    3.0 * g
                } else {
                    0.0
                }
            }
            2 => g * if i % 97 == 0 { 500.0 } else { 1.0 },
            3 => 0.0,
            4 => g * (1.0 + (i % width % 11) as f64 * 4.0),
            5 => g * 1e-4,
            6 => g * (1.0 + (i / width % 7) as f64 * 3.0),
            7 => previous,
            _ => f64::from((g * 1.5) as i32) * 0.25,
        } as f32;
        elements::push(dtype, v, &mut bytes);
    }
    bytes
}

fn dims(r: &mut Random) -> Vec<u32> {
    let mut d = |lowest: u64, n: u64| (lowest + r.below(n)) as u32;
    match d(0, 12) {
        0 => vec![],
        1 => vec![d(0, 4), d(0, 9), d(0, 5)],
        2 => vec![d(1, 6000)],
        3 => vec![d(1, 20), d(1, 600)],
        4 => vec![d(1, 4), d(1, 20), d(1, 40)],
        5 | 6 => vec![1, d(1, 80), d(1, 20), d(1, 20)],
        7 => vec![d(1, 4), d(1, 24), d(1, 12), d(1, 12)],
        8 => vec![d(1, 3), d(1, 3), d(1, 4), d(1, 3), d(1, 4), d(1, 3), d(1, 3), d(1, 4)],
        9 => vec![d(1, 3), d(1, 10), d(1, 7), d(1, 7), d(1, 6)],
        10 => vec![d(1, 12)],
        _ => vec![d(1, 64), 64],
    }
}

fn budget(r: &mut Random) -> Budget {
    match r.below(15) {
        0..=3 => Budget::Nrmse(0.002 + 0.5 * r.unit() * r.unit()),
        4 => Budget::MaxError(0.001 + r.unit() * r.unit()),
        5 => Budget::BitsPerValue(0.5 + 8.0 * r.unit()),
        6 => Budget::Bytes(30 + r.below(6000)),
        7 | 8 => Budget::Step((0.002 + r.unit() * r.unit()) as f32),
        9 => Budget::Lossless,
        10 => Budget::Nrmse(0.0),
        11 => Budget::MaxError(1e-7),
        12 => Budget::Method {
            keep: None,
            asymmetry: None,
            blocks: None,
            distortion: 0.01 + 0.4 * r.unit(),
        },
        _ => {
            let some = r.below(7) + 1;
            Budget::Method {
                keep: (some & 1 > 0).then_some(r.unit()),
                asymmetry: (some & 2 > 0).then_some((0.2 + 2.0 * r.unit()) as f32),
                blocks: (some & 4 > 0).then_some(1 + r.below(60) as u32),
                distortion: 0.005 + 0.4 * r.unit(),
            }
        }
    }
}

fn options(rank: usize, r: &mut Random) -> EncodeOptions {
    let mut o = EncodeOptions::new(budget(r));
    if r.below(3) == 0 {
        o.mode = [Mode::Uniform, Mode::Slicer, Mode::Lossless, Mode::Raw][r.below(4) as usize];
    }
    o.effort = [Effort::Fast, Effort::Default, Effort::Dense][r.below(3) as usize];
    if r.below(3) == 0 {
        o.granularity = [Granularity::Row, Granularity::Channel][r.below(2) as usize];
    }
    o.layout = match r.below(9) {
        0 => Some(Layout::Rows),
        1 => Some(Layout::Nchw),
        2 => Some(Layout::Nhwc),
        3 if rank == 4 => Some(Layout::Custom {
            axes: [3, 1, 0, 2, 4, 5, 6, 7],
            groups: [1, 1, 1],
        }),
        _ => None,
    };
    o.report = r.below(4) > 0;
    o
}

/// Encodes and hashes everything that comes of it; returns the frame.
fn encoded(hash: &mut Hash, encoder: &mut Encoder, t: &TensorRef<'_>, o: &EncodeOptions) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match encoder.encode(t, o, &mut out) {
        Ok(report) => {
            hash.report(&report);
            hash.bytes(&out);
            hash.frame(&out, Limits::default());
            Some(out)
        }
        Err(e) => {
            hash.error(&e);
            None
        }
    }
}

fn dtype(r: &mut Random) -> DType {
    let code = r.below(14) as u8;
    DType::from_code(code).unwrap_or(DType::F32)
}

fn check(name: &str, hash: &Hash, expected: u64) {
    assert_eq!(hash.0, expected, "{name}: 0x{:016x}", hash.0);
}

#[test]
fn frames() {
    let (mut hash, mut r, mut encoder) = (Hash::new(), Random(1), Encoder::new());
    let mut refused = 0;
    for i in 0..2000 {
        let (dtype, dims) = (dtype(&mut r), dims(&mut r));
        let bytes = tensor(dtype, &dims, i % KINDS, &mut r);
        let o = options(dims.len(), &mut r);
        let t = TensorRef::new(dtype, &dims, &bytes).unwrap();
        refused += u32::from(encoded(&mut hash, &mut encoder, &t, &o).is_none());
    }
    assert!(refused < 600, "{refused}");
    check("frames", &hash, 0xb4f5_b07c_037d_a7f3);
}

#[test]
fn large_frames() {
    let (mut hash, mut r, mut encoder) = (Hash::new(), Random(2), Encoder::new());
    let shapes: [(&[u32], Layout); 5] = [
        (&[3, 70, 50, 56], Layout::Nchw),
        (&[2, 48, 50, 120], Layout::Nhwc),
        (&[700, 800], Layout::Rows),
        (&[1, 40, 120, 120], Layout::Nchw),
        (&[600_000], Layout::Rows),
    ];
    for (i, (dims, layout)) in shapes.into_iter().enumerate() {
        let mut o = EncodeOptions::new(Budget::Step(0.4));
        o.layout = Some(layout);
        o.report = i % 2 == 0;
        o.effort = if i == 2 { Effort::Fast } else { Effort::Default };
        let dtype = [DType::F32, DType::F16, DType::F32, DType::F32, DType::I16][i];
        let bytes = tensor(dtype, dims, [1, 4, 6, 7, 2][i], &mut r);
        let t = TensorRef::new(dtype, dims, &bytes).unwrap();
        encoded(&mut hash, &mut encoder, &t, &o);
        if i < 2 {
            o.budget = [Budget::Lossless, Budget::Nrmse(0.1)][i];
            encoded(&mut hash, &mut encoder, &t, &o);
        }
    }
    check("large frames", &hash, 0x633a_4d3e_06f8_73ab);
}

#[test]
fn special_values() {
    let (mut hash, mut encoder) = (Hash::new(), Encoder::new());
    let specials = [
        0.0f32,
        -0.0,
        1e-45,
        -1e-45,
        f32::MIN_POSITIVE,
        1.0,
        -1.5,
        65504.0,
        65520.0,
        1e30,
        f32::MAX,
        f32::MIN,
        f32::INFINITY,
        f32::NAN,
    ];
    let mut r = Random(3);
    for i in 0..300 {
        let n = 1 + r.below(40) as usize;
        let finite = if i % 5 == 0 { specials.len() } else { specials.len() - 2 };
        let top = if i % 3 == 0 { finite } else { 7 };
        let bytes: Vec<u8> = (0..n)
            .flat_map(|_| specials[r.below(top as u64) as usize].to_le_bytes())
            .collect();
        let dims = [[n as u32, 1], [1, n as u32]][i % 2];
        let o = options(2, &mut r);
        let t = TensorRef::new(DType::F32, &dims, &bytes).unwrap();
        encoded(&mut hash, &mut encoder, &t, &o);
    }
    check("special values", &hash, 0x3a53_5afb_439f_da4d);
}

#[test]
fn damage() {
    let (mut hash, mut r, mut encoder) = (Hash::new(), Random(4), Encoder::new());
    let limits = Limits {
        max_bytes: 1 << 20,
        max_work: 1 << 22,
    };
    for i in 0..120 {
        let (dtype, dims) = (dtype(&mut r), dims(&mut r));
        let bytes = tensor(dtype, &dims, i % KINDS, &mut r);
        let o = options(dims.len(), &mut r);
        let t = TensorRef::new(dtype, &dims, &bytes).unwrap();
        let Some(frame) = encoded(&mut hash, &mut encoder, &t, &o) else {
            continue;
        };
        let early = frame.len().min(80) as u64;
        for j in 0..80 {
            let mut broken = frame.clone();
            let at = r.below(if j % 3 == 0 { frame.len() as u64 } else { early }) as usize;
            match j % 4 {
                0 => broken.truncate(at),
                1 => broken[at] = r.next() as u8,
                2 => broken[at] ^= 1 << r.below(8),
                _ => broken.insert(at, r.next() as u8),
            }
            // With a checksum that fits, the damage gets past it.
            if let Some(end) = broken.len().checked_sub(4).filter(|_| j % 8 > 3) {
                let sum = crc32c(&broken[..end]);
                broken[end..].copy_from_slice(&sum.to_le_bytes());
            }
            hash.frame(&broken, limits);
        }
    }
    check("damage", &hash, 0x28e2_8dd2_b29c_4c92);
}

#[test]
fn streams() {
    let (mut hash, mut r) = (Hash::new(), Random(5));
    for i in 0..90u64 {
        let dtype = dtype(&mut r);
        let dims = match i % 3 {
            0 => vec![8, 1 + r.below(700) as u32],
            1 => vec![4, 1 + r.below(20) as u32, 1 + r.below(6) as u32, 1 + r.below(6) as u32],
            _ => vec![1 + r.below(6) as u32],
        };
        let kind = r.below(KINDS);
        let bytes = tensor(dtype, &dims, kind, &mut r);
        let sample = TensorRef::new(dtype, &dims, &bytes).unwrap();
        let o = StreamOptions {
            dtype,
            dims: &dims,
            layout: [None, None, Some(Layout::Nhwc), Some(Layout::Rows)][r.below(4) as usize],
            step: (r.unit() * 0.7) as f32,
            shape: r.below(5) as u8,
            checksum: r.below(2) == 0,
            ..StreamOptions::new(dtype, &dims, 1.0)
        };
        let mut encoder = match StreamEncoder::new(&o, Some(&sample).filter(|_| i % 4 > 0)) {
            Ok(encoder) => encoder,
            Err(e) => {
                hash.error(&e);
                continue;
            }
        };
        let setup = encoder.setup();
        hash.bytes(&setup);
        let mut decoder = StreamDecoder::new(&setup, &[], Limits::default()).unwrap();
        let (mut body, mut out) = (Vec::new(), Vec::new());
        for j in 0..4 {
            let rows = r.below(u64::from(dims[0]) + 2) as u32;
            let mut body_dims = dims.clone();
            body_dims[0] = rows;
            let bytes = tensor(dtype, &body_dims, kind, &mut r);
            let cut = if j == 3 && i % 9 == 0 { 1 } else { 0 };
            match encoder.encode(&bytes[..bytes.len().saturating_sub(cut)], &mut body) {
                Ok(s) => {
                    for v in [s.header, s.bins, s.tables, s.maps, s.body, s.payload, s.checksum] {
                        hash.number(v as u64);
                    }
                }
                Err(e) => hash.error(&e),
            }
            hash.bytes(&body);
            for k in 0..12 {
                let mut broken = body.clone();
                if let (1.., Some(last)) = (k, body.len().checked_sub(1)) {
                    let at = r.below(last as u64 + 1) as usize;
                    if k % 2 == 0 {
                        broken.truncate(at);
                    } else {
                        broken[at] ^= 1 << r.below(8);
                    }
                }
                match decoder.decode_into(&broken, Limits::default(), &mut out) {
                    Ok((_, dims)) => {
                        dims.as_slice().iter().for_each(|&d| hash.number(d.into()));
                        hash.bytes(&out);
                    }
                    Err(e) => hash.error(&e),
                }
            }
        }
        for _ in 0..10 {
            let mut broken = setup.clone();
            let at = r.below(setup.len() as u64) as usize;
            broken[at] ^= 1 << r.below(8);
            match StreamDecoder::new(&broken, &[], Limits::default()) {
                Ok(d) => hash.number(d.setup().features.into()),
                Err(e) => hash.error(&e),
            }
        }
    }
    check("streams", &hash, 0x5e70_3915_3dfa_3129);
}
