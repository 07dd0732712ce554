//! What is damaged: the conformance vectors, and frames from the encoder.

use super::mutate::Random;
use slicer_codec::*;
use std::fs;
use std::path::{Path, PathBuf};

/// Streams to damage.
pub struct Seeds {
    pub frames: Vec<Vec<u8>>,
    /// Setup and bare body.
    pub streams: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Larger files only cost time here; the vectors' own test decodes them.
const LARGEST: usize = 3000;

pub fn all() -> Seeds {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/vectors");
    let mut seeds = Seeds {
        frames: Vec::new(),
        streams: Vec::new(),
    };
    for drawer in ["must-read", "legal-but-rare", "malformed", "invalid"] {
        let mut paths: Vec<PathBuf> = fs::read_dir(folder.join(drawer))
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        paths.sort();
        for path in paths {
            let bytes = fs::read(&path).unwrap();
            match path.extension().and_then(|e| e.to_str()) {
                Some("slcf") if bytes.len() <= LARGEST => seeds.frames.push(bytes),
                Some("setup") => {
                    let body = fs::read(path.with_extension("body")).unwrap_or_else(|_| vec![0, 3, 1, 0, 0]);
                    seeds.streams.push((bytes, body));
                }
                _ => {}
            }
        }
    }
    let encoded = encoded();
    seeds.frames.extend(encoded.clone());
    seeds.streams.extend(streams());
    seeds
}

/// Frames of every mode, type and some shapes.
pub fn encoded() -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for code in 0..7u8 {
        let dtype = DType::from_code(code).unwrap();
        for (i, dims) in [&[1u32, 6, 5, 7][..], &[8, 24], &[300], &[], &[2, 3, 0]]
            .into_iter()
            .enumerate()
        {
            let n = dims.iter().product::<u32>() as usize;
            let bytes = elements(dtype, n, u64::from(code) * 8 + i as u64);
            let tensor = TensorRef::new(dtype, dims, &bytes).unwrap();
            let method = Budget::Method {
                keep: Some(0.5),
                asymmetry: None,
                blocks: Some(3),
                distortion: 0.1,
            };
            let granularity = [Granularity::Tensor, Granularity::Row, Granularity::Channel][i % 3];
            for options in [
                EncodeOptions {
                    granularity,
                    ..EncodeOptions::new(Budget::Nrmse(0.1))
                },
                EncodeOptions {
                    effort: Effort::Dense,
                    ..EncodeOptions::new(Budget::Step(0.5))
                },
                EncodeOptions::new(Budget::Lossless),
                EncodeOptions {
                    mode: Mode::Slicer,
                    ..EncodeOptions::new(method)
                },
                EncodeOptions {
                    mode: Mode::Raw,
                    ..EncodeOptions::new(Budget::Lossless)
                },
            ] {
                out.extend(encode(&tensor, &options).ok().map(|(frame, _)| frame));
            }
        }
    }
    out
}

/// Frames of tensors large enough that working memory counts.
pub fn large() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/vectors");
    let mut out = Vec::new();
    for drawer in ["must-read", "legal-but-rare"] {
        for entry in fs::read_dir(folder.join(drawer)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let large = name.starts_with("exhaustive") || name.starts_with("expansion");
            if large && path.extension().is_some_and(|e| e == "slcf") {
                out.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    let dims = [1u32, 64, 64, 64];
    for (dtype, effort) in [
        (DType::F32, Effort::Dense),
        (DType::F16, Effort::Fast),
        (DType::I8, Effort::Default),
    ] {
        let bytes = elements(dtype, 64 * 64 * 64, 5);
        let tensor = TensorRef::new(dtype, &dims, &bytes).unwrap();
        for budget in [Budget::Nrmse(0.1), Budget::Step(0.5), Budget::Lossless] {
            let options = EncodeOptions {
                effort,
                ..EncodeOptions::new(budget)
            };
            out.push((format!("{dtype:?} {budget:?}"), encode(&tensor, &options).unwrap().0));
        }
    }
    out
}

fn streams() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut out = Vec::new();
    for (i, checksum) in [(0u64, false), (1, true), (2, false)] {
        let options = StreamOptions {
            checksum,
            trellis: i == 1,
            adaptive: i > 0,
            ..StreamOptions::new(DType::F32, &[8, 40], 0.2)
        };
        let mut encoder = StreamEncoder::new(&options, None).unwrap();
        let mut body = Vec::new();
        encoder
            .encode(&elements(DType::F32, 40 * (1 + 3 * i as usize), i), &mut body)
            .unwrap();
        out.push((encoder.setup(), body));
    }
    out
}

/// Bell-shaped values, about half of them zero.
fn elements(dtype: DType, n: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed + 1);
    let mut out = Vec::new();
    for _ in 0..n {
        let v: i32 = (0..4).map(|_| random.below(65) as i32 - 32).sum::<i32>().max(-20);
        match dtype {
            DType::F32 => out.extend((v as f32 / 16.0).to_le_bytes()),
            // 1 … 2 and its negative, in either 16-bit float.
            DType::F16 | DType::Bf16 => {
                out.extend(((0x3c00u16 + (v & 127) as u16) | ((v < 0) as u16 * 0x8000)).to_le_bytes())
            }
            DType::I8 | DType::U8 => out.push(v as u8),
            DType::I16 => out.extend((v as i16).to_le_bytes()),
            DType::I32 => out.extend(v.to_le_bytes()),
        }
    }
    out
}
