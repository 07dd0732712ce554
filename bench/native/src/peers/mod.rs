//! What the codec is compared with: each peer a file of its own, all on the levels of one uniform quantiser.

mod absmax;
#[cfg(feature = "lz4_flex")]
mod lz4;
#[cfg(feature = "pco")]
mod pco;
pub mod quantise;
#[cfg(feature = "constriction")]
mod rans;
mod zstd;

use std::io;

pub use zstd::version as zstd_version;

/// What one tensor takes.
pub struct Times {
    pub bytes: usize,
    /// Nanoseconds of CPU time.
    pub encode: u64,
    pub decode: u64,
}

/// A codec with its buffers, reused from call to call.
pub trait Peer {
    /// Encodes and decodes the values, each `repeats` times.
    fn round(&mut self, values: &[f32], repeats: u32) -> io::Result<Times>;
}

/// Name and peer, for tensors that are quantised with a step.
pub fn all(step: f32) -> io::Result<Vec<(&'static str, Box<dyn Peer>)>> {
    #[allow(unused_mut, reason = "a build may have none of the optional peers")]
    let mut peers: Vec<(&'static str, Box<dyn Peer>)> = vec![
        ("quantise + zstd-1", Box::new(zstd::QuantiseZstd::new(step)?)),
        ("int8 absmax", Box::<absmax::Absmax>::default()),
    ];
    #[cfg(feature = "lz4_flex")]
    peers.push(("quantise + lz4_flex", Box::new(lz4::QuantiseLz4::new(step))));
    #[cfg(feature = "pco")]
    peers.push(("quantise + pco", Box::new(pco::QuantisePco::new(step))));
    #[cfg(feature = "constriction")]
    peers.push(("constriction rANS, core only", Box::new(rans::Rans::new(step))));
    Ok(peers)
}

/// An error of a library as one of ours.
#[allow(dead_code, reason = "a build may have none of the optional peers")]
fn failed(error: impl std::fmt::Debug) -> io::Error {
    io::Error::other(format!("{error:?}"))
}
