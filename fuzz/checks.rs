//! What must hold for any bytes. The fuzz targets call these, and so do the ordinary tests, on the committed corpora.

use sha2::{Digest, Sha256};
use slicer_codec::*;
use std::sync::Arc;

/// Stands in an input where the id of its profile belongs, which no fuzzer would guess.
pub const ID_HERE: &[u8; 8] = b"<the id>";

/// Caps that let a fuzzer run fast.
pub const LIMITS: Limits = Limits {
    max_bytes: 1 << 20,
    max_work: 1 << 20,
};

/// An answer is sound if it is a whole tensor, or an error of a decoder that points into the input.
pub fn sound(result: &Result<Tensor>, length: usize) {
    match result {
        Ok(tensor) => {
            let n: u64 = tensor.dims.as_slice().iter().map(|&d| u64::from(d)).product();
            assert_eq!(tensor.bytes.len() as u64, n * tensor.dtype.size() as u64);
        }
        Err(e) => {
            assert!(e.code() as u8 <= ErrorCode::ProfileMismatch as u8, "{e}");
            assert!(e.offset() <= length as u64, "{e} in {length} bytes");
        }
    }
}

/// A standalone frame without its checksum, which is added: the fuzzer need not find it.
pub fn frame(data: &[u8]) {
    let mut bytes = data.to_vec();
    bytes.extend_from_slice(&crc32c(data).to_le_bytes());
    for bytes in [&bytes[..], data] {
        let result = decode(bytes, LIMITS);
        sound(&result, bytes.len());
        // What decodes can be inspected, and the fields cover the frame.
        let fields = inspect(bytes, &[], LIMITS);
        if result.is_ok() {
            assert!(fields.is_ok());
        }
    }
}

/// A byte, the length of a setup; the setup; and bodies of equal length, as the next byte says.
pub fn stream(data: &[u8]) {
    let [setup, bodies, rest @ ..] = data else { return };
    let (setup, rest) = rest.split_at(rest.len().min(usize::from(*setup)));
    let mut warm = match StreamDecoder::new(setup, &[], LIMITS) {
        Ok(decoder) => decoder,
        Err(e) => return sound(&Err(e), setup.len()),
    };
    for body in rest.chunks((rest.len() / (1 + usize::from(bodies % 4))).max(1)) {
        let one = |decoder: &mut StreamDecoder| {
            let mut bytes = Vec::new();
            let (dtype, dims) = decoder.decode_into(body, LIMITS, &mut bytes)?;
            Ok(Tensor { dtype, dims, bytes })
        };
        // Of the bodies before, sound or not, the state and nothing else may be left.
        let cold = StreamDecoder::new(setup, &[], LIMITS).and_then(|mut decoder| {
            decoder.restore(warm.state())?;
            one(&mut decoder)
        });
        let before = warm.state().clone();
        let result = one(&mut warm);
        sound(&result, body.len());
        assert_eq!(result, cold);
        assert!(
            result.is_ok() || *warm.state() == before,
            "a body that failed left something"
        );
    }
}

/// Two bytes, the length of a profile's content; the content, whose head is added; and a frame without its checksum that may
/// name the profile. What parses can be given to an encoder, and what that makes decodes.
pub fn profile(data: &[u8]) {
    let [low, high, rest @ ..] = data else { return };
    let (content, frame) = rest.split_at(rest.len().min(usize::from(u16::from_le_bytes([*low, *high]))));
    let mut file = [&PROFILE_MAGIC[..], &[VERSION, DRAFT]].concat();
    file.extend(Sha256::digest(content));
    file.extend(content);
    let profile = match Profile::parse(&file, LIMITS) {
        Ok(profile) => Arc::new(profile),
        Err(e) => return assert!(e.offset() <= file.len() as u64, "{e}"),
    };
    assert_eq!(profile.id(), file[6..14]);
    let mut frame = frame.to_vec();
    if let Some(at) = frame.windows(8).position(|w| w == ID_HERE) {
        frame[at..at + 8].copy_from_slice(&profile.id());
    }
    frame.extend(crc32c(&frame).to_le_bytes());
    let mut decoder = Decoder::new();
    decoder.add_profile(profile.clone()).unwrap();
    let mut bytes = Vec::new();
    let result = decoder
        .decode_into(&frame, LIMITS, &mut bytes)
        .map(|(dtype, dims)| Tensor { dtype, dims, bytes });
    sound(&result, frame.len());
    if result.is_ok() {
        assert!(inspect(&frame, std::slice::from_ref(&profile), LIMITS).is_ok());
    }
    use_profile(&profile);
}

/// Encodes a small tensor with a profile, in both ways of planning.
fn use_profile(profile: &Arc<Profile>) {
    if profile.channels > 64 {
        return;
    }
    let dims = [1, profile.channels as u32, 3, 4];
    let values = (0..12 * profile.channels).map(|i| ((i * 7919) % 97) as f32 / 16.0 - 3.0);
    let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
    let tensor = TensorRef::new(DType::F32, &dims, &bytes).unwrap();
    for effort in [Effort::Default, Effort::Dense] {
        let mut encoder = Encoder::new();
        encoder.set_profile(Some(profile.clone())).unwrap();
        let options = EncodeOptions {
            effort,
            ..EncodeOptions::new(Budget::Step(0.25))
        };
        let mut frame = Vec::new();
        // A profile may make this impossible, and the encoder must say so.
        if encoder.encode(&tensor, &options, &mut frame).is_err() {
            continue;
        }
        let mut decoder = Decoder::new();
        decoder.add_profile(profile.clone()).unwrap();
        let mut out = Vec::new();
        decoder.decode_into(&frame, Limits::default(), &mut out).unwrap();
        assert_eq!(out.len(), bytes.len());
    }
}

/// A tensor and options from bytes: what is encoded decodes, and keeps its budget.
pub fn round_trip(data: &[u8]) {
    let [kind, budget, amount, shape, rest @ ..] = data else {
        return;
    };
    let dtype = DType::from_code(kind % 7).unwrap();
    let rest = &rest[..rest.len().min(4096)];
    let n = (rest.len() / dtype.size()) as u32;
    let dims: Vec<u32> = match shape % 6 {
        0 => vec![n],
        1 => vec![n / 7, 7],
        2 => vec![1, 3, n / 15, 5],
        3 => vec![n / 64, 2, 8, 4],
        4 => vec![2, n / 12, 1, 3, 2],
        _ => vec![n / 6, 3, 0, 2],
    };
    let count = dims.iter().product::<u32>() as usize;
    let bytes = &rest[..count * dtype.size()];
    let tensor = TensorRef::new(dtype, &dims, bytes).unwrap();
    let amount = f64::from(*amount) + 1.0;
    let budget = match budget % 8 {
        0 => Budget::Lossless,
        1 => Budget::Nrmse(amount / 256.0),
        2 => Budget::MaxError(amount / 16.0),
        3 => Budget::Step(amount as f32 / 32.0),
        4 => Budget::BitsPerValue(amount / 8.0),
        5 => Budget::Bytes(amount as u64 * 16),
        6 => Budget::Method {
            keep: Some(amount / 256.0),
            asymmetry: None,
            blocks: Some(4),
            distortion: 0.2,
        },
        _ => Budget::Method {
            keep: None,
            asymmetry: None,
            blocks: None,
            distortion: amount / 256.0,
        },
    };
    let options = EncodeOptions {
        effort: [Effort::Fast, Effort::Default, Effort::Dense][usize::from(kind / 7 % 3)],
        layout: [None, Some(Layout::Rows), Some(Layout::Nhwc)][usize::from(shape / 6 % 3)],
        granularity: [Granularity::Tensor, Granularity::Row, Granularity::Channel][usize::from(shape / 18 % 3)],
        ..EncodeOptions::new(budget)
    };
    // What an encoder may refuse, and must say: budgets out of reach, NaN, options that do not fit.
    let Ok((frame, report)) = encode(&tensor, &options) else {
        return;
    };
    let back = decode(&frame, Limits::default()).unwrap();
    assert_eq!((back.dtype, back.dims.as_slice()), (dtype, &dims[..]));
    assert_eq!(report.bytes, frame.len() as u64);
    match budget {
        Budget::Lossless => assert_eq!(back.bytes, bytes),
        Budget::Nrmse(e) => assert!(report.worst_group <= e),
        Budget::MaxError(e) => assert!(report.max_error <= e),
        Budget::BitsPerValue(b) => assert!(frame.len() as f64 * 8.0 <= b * count as f64),
        Budget::Bytes(b) => assert!(frame.len() as u64 <= b),
        _ => assert_eq!(back.bytes.len(), bytes.len()),
    }
}
