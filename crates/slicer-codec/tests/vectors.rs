//! The conformance vectors, natively: the tensor or the error code that the manifest states.

use serde_json::Value;
use sha2::{Digest, Sha256};
use slicer_codec::*;
use std::collections::HashMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../conformance/vectors")
}

fn code_name(code: ErrorCode) -> String {
    let mut name = String::new();
    for c in format!("{code:?}").chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

fn type_name(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 => "float32",
        DType::F16 => "float16",
        DType::Bf16 => "bfloat16",
        DType::I8 => "int8",
        DType::U8 => "uint8",
        DType::I16 => "int16",
        DType::I32 => "int32",
    }
}

fn load(name: &str) -> Vec<u8> {
    let path = folder().join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn read(files: &Value, part: &str) -> Option<Vec<u8>> {
    Some(load(files.get(part)?.as_str().unwrap()))
}

fn profiles(vector: &Value, limits: Limits) -> Result<Vec<Arc<Profile>>> {
    let names = vector["profiles"].as_array().into_iter().flatten();
    names
        .map(|name| Profile::parse(&load(name.as_str().unwrap()), limits).map(Arc::new))
        .collect()
}

fn body(decoder: &mut StreamDecoder, body: &[u8], limits: Limits) -> Result<Option<Tensor>> {
    let mut bytes = Vec::new();
    let (dtype, dims) = decoder.decode_into(body, limits, &mut bytes)?;
    Ok(Some(Tensor { dtype, dims, bytes }))
}

/// Decodes a vector's files; `None` if there is only a setup, and it is sound.
fn run(vector: &Value, limits: Limits) -> Result<Option<Tensor>> {
    let (files, profiles) = (&vector["files"], profiles(vector, limits)?);
    if let Some(frame) = read(files, "frame") {
        let (mut decoder, mut bytes) = (Decoder::new(), Vec::new());
        for profile in profiles {
            decoder.add_profile(profile)?;
        }
        let (dtype, dims) = decoder.decode_into(&frame, limits, &mut bytes)?;
        return Ok(Some(Tensor { dtype, dims, bytes }));
    }
    let mut decoder = StreamDecoder::new(&read(files, "setup").unwrap(), &profiles, limits)?;
    match read(files, "body") {
        Some(bytes) => body(&mut decoder, &bytes, limits),
        None => Ok(None),
    }
}

/// Follows a stream: bodies, and what happens between them.
fn follow(vector: &Value, steps: &[Value], limits: Limits, wrong: &mut Vec<String>) {
    let profiles = profiles(vector, limits).unwrap();
    let mut decoder = StreamDecoder::new(&read(&vector["files"], "setup").unwrap(), &profiles, limits).unwrap();
    let mut states: HashMap<String, State> = HashMap::new();
    for (i, step) in steps.iter().enumerate() {
        let name = |key: &str| step[key].as_str().map(str::to_owned);
        if let Some(file) = name("body") {
            let (got, expected) = (
                answer(body(&mut decoder, &load(&file), limits)),
                expected(&step["expect"]),
            );
            if !expected.contains(&got) {
                wrong.push(format!("{} step {i}: expected {expected:?}, got {got}", vector["id"]));
            }
        }
        if let Some(name) = name("snapshot") {
            states.insert(name, State::from_bytes(&decoder.state().to_bytes()).unwrap());
        }
        if let Some(name) = name("restore") {
            decoder.restore(&states[&name]).unwrap();
        }
        if step["reset"].as_bool() == Some(true) {
            decoder.restore(&State::default()).unwrap();
        }
    }
}

/// The answer in one line, as `expected` words it.
fn answer(result: Result<Option<Tensor>>) -> String {
    match result {
        Err(error) => code_name(error.code()),
        Ok(None) => "a setup without a fault".into(),
        Ok(Some(Tensor { dtype, dims, bytes })) => {
            let mut line = format!("{} {:?} ", type_name(dtype), dims.as_slice());
            for byte in Sha256::digest(&bytes) {
                write!(line, "{byte:02x}").unwrap();
            }
            line
        }
    }
}

fn expected(expect: &Value) -> Vec<String> {
    if let Some(error) = expect["error"].as_str() {
        let or = expect["or"].as_array().into_iter().flatten();
        return std::iter::once(error)
            .chain(or.map(|v| v.as_str().unwrap()))
            .map(Into::into)
            .collect();
    }
    let dims: Vec<u64> = expect["dims"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d.as_u64().unwrap())
        .collect();
    vec![format!(
        "{} {dims:?} {}",
        expect["type"].as_str().unwrap(),
        expect["sha256"].as_str().unwrap()
    )]
}

#[test]
fn every_vector() {
    let text = std::fs::read_to_string(folder().join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    let vectors = manifest["vectors"].as_array().unwrap();
    let mut wrong = Vec::new();
    for v in vectors {
        let mut limits = Limits::default();
        if let Some(cap) = v["limits"]["maxBytes"].as_u64() {
            limits.max_bytes = cap;
        }
        if let Some(steps) = v["steps"].as_array() {
            follow(v, steps, limits, &mut wrong);
            continue;
        }
        let got = answer(run(v, limits));
        let expected = expected(&v["expect"]);
        if !expected.contains(&got) {
            wrong.push(format!("{}: expected {expected:?}, got {got}", v["id"]));
        }
    }
    assert!(vectors.len() >= 150, "{} vectors", vectors.len());
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        vectors.len(),
        wrong.join("\n")
    );
}
