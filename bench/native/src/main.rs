//! Native speed and memory of the codec beside its peers. Driven by `bench/speed/main.mjs`:
//!
//! ```text
//! slicer-bench-native FILE.npy…
//! ```
//!
//! prints one JSON line about itself, then one per line on standard input: `memory` measures allocations, `segments` those
//! for 2^22 values, `token` codes one row of hidden states as a bare body, `threads` codes 2^22 values with one thread and
//! with two, `round` runs everything once (or, with a part of its name behind it, one codec) and prints the CPU times. Small
//! tensors are coded many times over: the clock is no finer. The driver interleaves rounds with its own, so that both see the
//! same load.
//!
//! ```text
//! slicer-bench-native count FILE.npy SETTING encode|decode REPEATS
//! ```
//!
//! codes a tensor a number of times and prints nothing: a counter of instructions looks on.

mod clock;
mod large;
mod memory;
mod npy;
mod ours;
mod peers;
mod token;

use std::io::{self, BufRead, Write};

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

/// Step over root mean square: an NRMSE of about 0.1 on dense tensors.
const RELATIVE_STEP: f64 = 0.35;

/// Values that are timed together at least.
const TOGETHER: usize = 1 << 16;

/// One tensor and what all codecs need to run on it.
struct Case {
    name: String,
    tensor: npy::Tensor,
    step: f32,
    ours: Vec<(&'static str, ours::Pair)>,
    peers: Vec<(&'static str, Box<dyn peers::Peer>)>,
}

fn main() -> io::Result<()> {
    // Everything but `threads`, which brings its own, is timed on this thread.
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    one.build_global().map_err(io::Error::other)?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, path, setting, way, repeats] = &arguments[..]
        && first == "count"
    {
        let tensor = npy::read(path)?;
        let repeats = repeats.parse().expect("REPEATS is a number");
        ours::repeat(&tensor, step_of(&tensor), setting, way, repeats);
        return Ok(());
    }
    let mut cases = Vec::new();
    for path in arguments {
        let tensor = npy::read(&path)?;
        let step = step_of(&tensor);
        let name = path
            .rsplit('/')
            .next()
            .unwrap_or(&path)
            .trim_end_matches(".npy")
            .to_string();
        let ours = ours::SETTINGS
            .iter()
            .map(|&(label, effort)| (label, ours::Pair::new(effort, step)))
            .collect();
        cases.push(Case {
            name,
            tensor,
            step,
            ours,
            peers: peers::all(step)?,
        });
    }
    println!(
        "{{\"zstd\": \"{}\", \"avx2\": {}}}",
        peers::zstd_version(),
        peers::quantise::has_avx2()
    );
    for line in io::stdin().lock().lines() {
        let line = line?;
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("round", codec) => round(&mut cases, codec)?,
            ("memory", _) => memory_report(&cases),
            ("threads", _) => println!("[{}]", large::threads().join(", ")),
            ("segments", _) => println!("[{}]", large::peaks().join(", ")),
            ("token", _) => {
                let t = token::round();
                println!(
                    "{{\"values\": {}, \"bytes\": {}, \"encode\": {}, \"decode\": {}, \"int8\": {}}}",
                    token::VALUES,
                    t.bytes,
                    t.encode,
                    t.decode,
                    t.int8
                );
            }
            _ => break,
        }
        io::stdout().flush()?;
    }
    Ok(())
}

/// The step for a tensor.
fn step_of(tensor: &npy::Tensor) -> f32 {
    let square = tensor.values.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>();
    let rms = (square / tensor.values.len().max(1) as f64).sqrt();
    (RELATIVE_STEP * rms) as f32
}

/// Everything once: per case and codec, bytes and nanoseconds of CPU time for both directions.
fn round(cases: &mut [Case], only: &str) -> io::Result<()> {
    let mut rows = Vec::new();
    for case in cases {
        let values = case.tensor.values.len();
        let repeats = TOGETHER.div_ceil(values.max(1)) as u32;
        let mut row = |codec: &str, times: peers::Times| {
            rows.push(format!(
                "{{\"case\": \"{}\", \"codec\": \"{codec}\", \"values\": {values}, \"bytes\": {}, \"encode\": {}, \"decode\": {}}}",
                case.name, times.bytes, times.encode, times.decode
            ));
        };
        for (label, peer) in case.peers.iter_mut().filter(|(label, _)| label.contains(only)) {
            row(label, peer.round(&case.tensor.values, repeats)?);
        }
        for (label, pair) in case.ours.iter_mut().filter(|(label, _)| label.contains(only)) {
            row(label, pair.round(&case.tensor, repeats));
        }
    }
    println!("[{}]", rows.join(", "));
    Ok(())
}

/// Peak of the heap during fresh calls, the caller's tensor included.
fn memory_report(cases: &[Case]) {
    let mut rows = Vec::new();
    for case in cases {
        let tensor = 4 * case.tensor.values.len();
        for (label, encode, decode) in ours::peaks(&case.tensor, case.step) {
            rows.push(format!(
                "{{\"case\": \"{}\", \"setting\": \"{label}\", \"tensor\": {tensor}, \"encode\": {encode}, \"decode\": {decode}}}",
                case.name
            ));
        }
    }
    println!("[{}]", rows.join(", "));
}
