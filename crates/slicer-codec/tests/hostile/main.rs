//! Hostile input: damaged frames and streams give an error or a whole tensor, never a panic, never more memory than allowed.

#[path = "../../../../fuzz/checks.rs"]
mod checks;
mod corpus;
mod memory;
mod mutate;
mod seeds;

use checks::sound;
use memory::peak;
use mutate::{Random, mutate, seal};
use seeds::Seeds;
use slicer_codec::*;
use std::collections::BTreeMap;

/// What a decoder may hold beyond `max_bytes`: bins, logs of inline tables, the setup itself, scratch of fixed size. Tables, lists and
/// all that grows with dims or input is charged.
const OVERHEAD: u64 = 1 << 16;

/// Cases of each of the two tests that follow.
const FRAMES: u64 = 200_000;
const STREAMS: u64 = 60_000;

/// How often each answer came.
#[derive(Default)]
struct Tally {
    answers: BTreeMap<String, u64>,
    peak: u64,
}

impl Tally {
    fn note(&mut self, result: &Result<Tensor>, peak: u64, limits: Limits) {
        let name = match result {
            Ok(_) => "a tensor".into(),
            Err(e) => format!("{:?}", e.code()),
        };
        *self.answers.entry(name).or_default() += 1;
        assert!(
            peak <= limits.max_bytes + OVERHEAD,
            "{peak} bytes held, {} allowed: {result:?}",
            limits.max_bytes
        );
        self.peak = self.peak.max(peak.saturating_sub(limits.max_bytes));
    }

    /// Damage that never gets past the first checks would prove nothing.
    fn check(&self, name: &str, cases: u64) {
        println!(
            "{name}: {cases} cases, at most {} bytes above max_bytes; {:?}",
            self.peak, self.answers
        );
        for code in [
            "a tensor",
            "Corrupt",
            "Truncated",
            "LimitExceeded",
            "BadTable",
            "BadBins",
            "BadDims",
        ] {
            let n = self.answers.get(code).copied().unwrap_or(0);
            assert!(n * 500 >= cases, "only {n} of {cases} are {code}");
        }
    }
}

fn limits(random: &mut Random) -> Limits {
    let max_bytes = [1 << 12, 1 << 16, 1 << 20, 1 << 22][random.below(4)];
    Limits {
        max_bytes,
        max_work: 1 << 20,
    }
}

/// The same frame through a decoder that has seen others: no state may be left of them.
fn warm(decoder: &mut Decoder, bytes: &[u8], limits: Limits) -> Result<Tensor> {
    let mut out = Vec::new();
    let result = decoder.decode_into(bytes, limits, &mut out);
    if result.is_err() {
        assert!(out.is_empty(), "part of a tensor");
    }
    result.map(|(dtype, dims)| Tensor {
        dtype,
        dims,
        bytes: out,
    })
}

#[test]
fn damaged_frames() {
    let Seeds { frames, .. } = seeds::all();
    let mut random = Random::new(1);
    let mut tally = Tally::default();
    let mut reused = Decoder::new();
    for _ in 0..FRAMES {
        let (a, b) = (&frames[random.below(frames.len())], &frames[random.below(frames.len())]);
        let mut bytes = mutate(a, b, &mut random);
        if random.below(8) > 0 {
            seal(&mut bytes);
        }
        let limits = limits(&mut random);
        let (result, held) = peak(|| decode(&bytes, limits));
        sound(&result, bytes.len());
        tally.note(&result, held, limits);
        assert_eq!(warm(&mut reused, &bytes, limits), result);
        if random.below(16) == 0 {
            let (fields, held) = peak(|| inspect(&bytes, &[], limits));
            assert!(fields.is_ok() || result.is_err());
            assert!(held <= limits.max_bytes + OVERHEAD, "{held} bytes held by inspect");
        }
    }
    tally.check("frames", FRAMES);
}

#[test]
fn damaged_streams() {
    let Seeds { streams, .. } = seeds::all();
    let mut random = Random::new(2);
    let mut tally = Tally::default();
    for _ in 0..STREAMS {
        let (setup, body) = &streams[random.below(streams.len())];
        let (other, tail) = &streams[random.below(streams.len())];
        let limits = limits(&mut random);
        let whole = random.below(3) > 0;
        let setup = if whole {
            setup.clone()
        } else {
            mutate(setup, other, &mut random)
        };
        let body = if whole || random.below(2) > 0 {
            mutate(body, tail, &mut random)
        } else {
            body.clone()
        };
        let sealed = random.below(4) == 0;
        let mut body = body;
        if sealed {
            seal(&mut body);
        }
        let (result, held) = peak(|| {
            let mut decoder = StreamDecoder::new(&setup, &[], limits)?;
            let mut bytes = Vec::new();
            let (dtype, dims) = decoder.decode_into(&body, limits, &mut bytes)?;
            Ok(Tensor { dtype, dims, bytes })
        });
        sound(&result, setup.len().max(body.len()));
        tally.note(&result, held, limits);
    }
    tally.check("streams", STREAMS);
}

/// A list takes a bit per entry, so that it grows eightfold when read: the cap must hold for it too.
#[test]
fn lists_are_charged() {
    // Version, draft; CODED and CLASSES, or SCALES; i8, rank 2; dims 1 and 2^20; one lane; f32 and step or not.
    let dims = [1, 0x80, 0x80, 0x40];
    let bins_and_table = [0x10, 1, 0, 0, 1, 1, 0, 8, 0];
    let list = [&[2u8][..], &[0; (1 << 17) + 1]].concat();
    let classes = [&[0, 2, 5, 0x13][..], &dims, &[4], &bins_and_table, &list].concat();
    let scales = [
        &[0, 2, 3, 0x13][..],
        &dims,
        &[0, 0, 0, 0x80, 0x3f],
        &list,
        &bins_and_table,
    ]
    .concat();
    for setup in [classes, scales] {
        for max_bytes in [1 << 16, 1 << 19, 1 << 22] {
            let limits = Limits {
                max_bytes,
                ..Limits::default()
            };
            let (result, held) = peak(|| StreamDecoder::new(&setup, &[], limits).map(drop));
            assert!(held <= max_bytes + OVERHEAD, "{held} bytes held, {max_bytes} allowed");
            let expected = if max_bytes < 1 << 20 {
                Err(ErrorCode::LimitExceeded)
            } else {
                Ok(())
            };
            assert_eq!(result.map_err(|e| e.code()), expected);
        }
    }
}

/// A single plane of 2^20 values that costs nothing, in 32 lanes, with contexts: lanes that own no plane must take no memory.
fn one_plane_in_32_lanes() -> Vec<u8> {
    // CODED and CONTEXTS; i8, rank 4; dims; nchw, integer, 32 lanes; a list of one level; two tables; a threshold.
    let dims = [1, 1, 0x80, 0x08, 0x80, 0x08];
    let head = [
        &[0, 2, 9, 0x23][..],
        &dims,
        &[0x45],
        &[1, 1, 0, 0],
        &[1, 2, 0, 0, 0],
        &[1, 1],
        &[0],
    ]
    .concat();
    let streams: Vec<u8> = [0, 0x80, 0, 0].repeat(32);
    let mut frame = [b"SLCF", &head[..], &[0x83, 0x01], &[32; 3], &streams, &[0; 4]].concat();
    seal(&mut frame);
    frame
}

/// One lane whose 2^20 + 1 values all have an offset bit, which is 0: the offsets are kept until the segment ends.
fn offsets_everywhere() -> Vec<u8> {
    // CODED; i8, rank 1; dims; integer, one lane; a list of one bin of two levels; one table.
    one_lane(&[0, 2, 1, 0x0b, 0x81, 0x80, 0x40, 4, 1, 1, 0, 1, 1, 1, 0, 0, 0])
}

/// The same in 2^20 + 1 channels, each with a class.
fn offsets_and_classes() -> Vec<u8> {
    // CODED and CLASSES; rank 2; two tables; classes of channels, all 0.
    let head = [0, 2, 5, 0x13, 1, 0x81, 0x80, 0x40, 4, 1, 1, 0, 1, 1, 2, 0, 0, 0, 2];
    one_lane(&[&head[..], &[0; (1 << 17) + 1]].concat())
}

/// A frame of a setup with one lane, for 2^20 + 1 values.
fn one_lane(setup: &[u8]) -> Vec<u8> {
    let (mut x, mut words) = (1u32, Vec::new());
    for _ in 0..=1 << 20 {
        if x >= 1 << 30 {
            words.push(x as u16);
            x >>= 16;
        }
        x <<= 1;
    }
    let mut segment = x.to_le_bytes().to_vec();
    segment.extend(words.iter().rev().flat_map(|w| w.to_le_bytes()));
    let length = [
        segment.len() as u8 | 0x80,
        (segment.len() >> 7) as u8 | 0x80,
        (segment.len() >> 14) as u8,
    ];
    let mut frame = [b"SLCF", setup, &[0], &length, &segment, &[0; 4]].concat();
    seal(&mut frame);
    frame
}

/// The account must be right for large tensors too, whose working memory no constant hides: caps rise until the frame decodes.
#[test]
fn caps_hold_for_large_tensors() {
    let by_hand = [
        ("one plane in 32 lanes", one_plane_in_32_lanes()),
        ("offsets everywhere", offsets_everywhere()),
    ];
    let by_hand = by_hand.map(|(name, frame)| (name.to_owned(), frame));
    for (name, frame) in seeds::large().into_iter().chain(by_hand) {
        let mut max_bytes = 1 << 12;
        loop {
            let limits = Limits {
                max_bytes,
                ..Limits::default()
            };
            let (result, held) = peak(|| decode(&frame, limits));
            assert!(
                held <= max_bytes + OVERHEAD,
                "{name}: {held} bytes held, {max_bytes} allowed"
            );
            match result {
                Ok(_) => break,
                Err(e) => assert_eq!(e.code(), ErrorCode::LimitExceeded, "{name}"),
            }
            max_bytes += max_bytes / 4;
        }
    }
}

/// A decoder keeps its buffers: what frames of one kind have left must not add up with what one of another kind takes.
#[test]
fn caps_hold_for_kept_decoders() {
    let frames = [one_plane_in_32_lanes(), offsets_and_classes(), offsets_everywhere()];
    let mut max_bytes = 1 << 22;
    loop {
        let limits = Limits {
            max_bytes,
            ..Limits::default()
        };
        let (results, held) = peak(|| {
            let mut decoder = Decoder::new();
            frames
                .each_ref()
                .map(|frame| decoder.decode_into(frame, limits, &mut Vec::new()).is_ok())
        });
        assert!(
            held <= max_bytes + OVERHEAD,
            "{held} bytes held, {max_bytes} allowed: {results:?}"
        );
        if results == [true; 3] {
            break;
        }
        max_bytes += max_bytes / 32;
    }
}

/// What each kind of damage must be called, where only one name is right.
#[test]
fn right_errors() {
    let frames = seeds::encoded();
    let mut random = Random::new(3);
    let mut prefixes = 0;
    let code = |bytes: &[u8]| decode(bytes, Limits::default()).map_err(|e| e.code());
    for frame in frames.iter().step_by(5) {
        for cut in 0..frame.len() {
            assert_eq!(
                code(&frame[..cut]),
                Err(ErrorCode::Truncated),
                "{cut} of {}",
                frame.len()
            );
            prefixes += 1;
        }
        let longer: Vec<u8> = frame.iter().copied().chain([random.next() as u8]).collect();
        assert_eq!(code(&longer), Err(ErrorCode::TrailingBytes));
        for (at, error) in [
            (0, ErrorCode::BadMagic),
            (3, ErrorCode::BadMagic),
            (4, ErrorCode::UnsupportedVersion),
            (5, ErrorCode::UnsupportedVersion),
            (frame.len() - 1, ErrorCode::ChecksumMismatch),
        ] {
            let mut broken = frame.clone();
            broken[at] ^= 1 << random.below(8);
            assert_eq!(code(&broken), Err(error), "byte {at}");
        }
        for _ in 0..200 {
            let mut broken = frame.clone();
            broken[random.below(frame.len())] ^= 1 << random.below(8);
            assert!(code(&broken).is_err(), "a flipped bit");
        }
        payload(frame, &mut random);
    }
    println!(
        "right errors: {} frames, {prefixes} prefixes",
        frames.iter().step_by(5).count()
    );
    assert!(frames.iter().step_by(5).count() >= 20);
}

/// Damage in the payload alone: a wrong checksum, or with a right one a corrupt payload or another tensor.
fn payload(frame: &[u8], random: &mut Random) {
    let fields = inspect(frame, &[], Limits::default()).unwrap();
    let Some(payload) = fields.iter().find(|e| e.field == Field::Payload && e.end > e.start) else {
        return;
    };
    for _ in 0..100 {
        let mut broken = frame.to_vec();
        broken[payload.start + random.below(payload.end - payload.start)] ^= 1 << random.below(8);
        let e = decode(&broken, Limits::default()).unwrap_err();
        assert_eq!(e.code(), ErrorCode::ChecksumMismatch);
        seal(&mut broken);
        if let Err(e) = decode(&broken, Limits::default()) {
            assert_eq!(e.code(), ErrorCode::Corrupt);
        }
    }
}
