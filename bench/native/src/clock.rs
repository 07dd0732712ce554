//! CPU time of this thread: other work on the same cores does not count.

/// Nanoseconds of CPU time that this thread has used.
#[cfg(unix)]
pub fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the result, and the clock exists on every Unix that Rust supports.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Wall time where there is no such clock.
#[cfg(not(unix))]
pub fn now() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// Nanoseconds that an action takes.
pub fn time<T>(action: impl FnOnce() -> T) -> (T, u64) {
    let start = now();
    let result = std::hint::black_box(action());
    (result, now() - start)
}

/// The last result of an action that is repeated, and the nanoseconds that one of the repeats takes.
pub fn time_each<T>(repeats: u32, mut action: impl FnMut() -> T) -> (T, u64) {
    let (result, all) = time(|| {
        for _ in 1..repeats {
            std::hint::black_box(action());
        }
        action()
    });
    (result, all / u64::from(repeats.max(1)))
}
