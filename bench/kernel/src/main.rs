//! `slicer-bench-kernel NAME ARGUMENTS…`, a line each on standard input: `mix 192 49 100`, `project …`, `peak 1000`. Prints
//! multiply-adds per nanosecond of CPU time.

use slicer_bench_kernel::{kernel_mix, kernel_peak, kernel_project};
use std::io::{self, BufRead, Write};
use std::time::Instant;

fn main() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |i: usize| words.get(i).and_then(|word| word.parse().ok()).unwrap_or(1);
        let start = Instant::now();
        let done = match words.first().copied() {
            Some("mix") => kernel_mix(number(1), number(2), number(3)),
            Some("project") => kernel_project(number(1), number(2), number(3)),
            Some("peak") => kernel_peak(number(1)),
            _ => break,
        };
        println!("{}", done / start.elapsed().as_nanos() as f64);
        io::stdout().flush()?;
    }
    Ok(())
}
