//! Where decoded values go, block by block in scan order.

use crate::dtype::DType;
use crate::elements;
use crate::error::{Field, Result};
use crate::layout::View;
use crate::limits::try_resize;
#[cfg(feature = "threads")]
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Takes the values of a body.
pub(crate) trait Sink {
    /// Called once, before anything else, with what is to come.
    fn begin(&mut self, dtype: DType, view: &View) -> Result<()>;
    /// Values of the real domain at scan position `at`.
    fn values(&mut self, at: usize, values: &[f32]);
    /// The same values are to be written here instead, little-endian, if the sink has a place for them.
    fn cells(&mut self, _at: usize, _length: usize) -> Option<&mut [[u8; 4]]> {
        None
    }
    /// Levels of the other domains; a level outside the type is the error.
    fn levels(&mut self, at: usize, levels: &[i32]) -> core::result::Result<(), i32>;
    /// The whole tensor as it is.
    fn raw(&mut self, bytes: &[u8]);
    /// Sinks for `length` consecutive values each, if values may come in any order: a thread may have each. Positions stay
    /// those in the whole.
    #[cfg(feature = "threads")]
    fn parts(&mut self, _length: usize) -> Option<Vec<Part<'_>>> {
        None
    }
}

/// A sink for a part of the values.
#[cfg(feature = "threads")]
pub(crate) type Part<'a> = Box<dyn Sink + Send + 'a>;

/// Collects a tensor's bytes in memory order.
pub(crate) struct Collect<'a> {
    target: Option<(DType, View)>,
    out: &'a mut Vec<u8>,
}

impl<'a> Collect<'a> {
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { target: None, out }
    }
}

impl Sink for Collect<'_> {
    fn begin(&mut self, dtype: DType, view: &View) -> Result<()> {
        self.target = Some((dtype, *view));
        try_resize(self.out, view.elements() * dtype.size(), Field::Dims)
    }

    fn cells(&mut self, at: usize, length: usize) -> Option<&mut [[u8; 4]]> {
        let (dtype, view) = self.target.as_ref()?;
        if *dtype != DType::F32 || !view.is_contiguous() {
            return None;
        }
        self.out.as_chunks_mut().0.get_mut(at..at + length)
    }

    fn values(&mut self, at: usize, values: &[f32]) {
        if let Some((dtype, view)) = &self.target {
            elements::store(*dtype, view, values, at, self.out);
        }
    }

    fn levels(&mut self, at: usize, levels: &[i32]) -> core::result::Result<(), i32> {
        match &self.target {
            Some((dtype, view)) => elements::store_levels(*dtype, view, levels, at, self.out),
            None => Ok(()),
        }
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.copy_from_slice(bytes);
    }

    #[cfg(feature = "threads")]
    fn parts(&mut self, length: usize) -> Option<Vec<Part<'_>>> {
        let (dtype, view) = self.target.filter(|(_, view)| view.is_contiguous())?;
        let chunks = self.out.chunks_mut(length * dtype.size()).enumerate();
        let part = |(i, bytes)| {
            Box::new(Elements {
                dtype,
                view,
                start: i * length,
                bytes,
            }) as Part<'_>
        };
        Some(chunks.map(part).collect())
    }
}

/// Elements from `start` on of a tensor whose memory is in scan order.
#[cfg(feature = "threads")]
struct Elements<'a> {
    dtype: DType,
    view: View,
    start: usize,
    bytes: &'a mut [u8],
}

#[cfg(feature = "threads")]
impl Sink for Elements<'_> {
    fn begin(&mut self, _: DType, _: &View) -> Result<()> {
        Ok(())
    }

    fn cells(&mut self, at: usize, length: usize) -> Option<&mut [[u8; 4]]> {
        let at = at - self.start;
        match self.dtype {
            DType::F32 => self.bytes.as_chunks_mut().0.get_mut(at..at + length),
            _ => None,
        }
    }

    fn values(&mut self, at: usize, values: &[f32]) {
        elements::store(self.dtype, &self.view, values, at - self.start, self.bytes);
    }

    fn levels(&mut self, at: usize, levels: &[i32]) -> core::result::Result<(), i32> {
        elements::store_levels(self.dtype, &self.view, levels, at - self.start, self.bytes)
    }

    fn raw(&mut self, _: &[u8]) {}
}
