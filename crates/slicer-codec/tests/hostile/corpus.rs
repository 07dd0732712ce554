//! The corpora of the fuzz targets, seeds and kept findings, through the same checks.

use super::checks;
use std::fs;
use std::path::Path;

fn replay(target: &str, check: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        check(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    count
}

#[test]
fn corpora() {
    let counts = [
        replay("frame", checks::frame),
        replay("stream", checks::stream),
        replay("profile", checks::profile),
        replay("round_trip", checks::round_trip),
    ];
    println!("replayed {counts:?} inputs");
    assert!(counts.iter().all(|&n| n >= 20), "{counts:?}");
}
