//! Who works on the items of a call, segments for the most part: one worker, or with feature `threads` several side by side.
//!
//! Items are handed out in order, and results, bytes and the first error come back in order: nothing that is computed depends
//! on how many threads there are. They are those of the rayon pool that the call runs in.

#[cfg(any(feature = "encode", feature = "threads"))]
use {crate::error::Result, alloc::vec::Vec, core::ops::Range};

/// Workers with their buffers.
#[derive(Default)]
pub(crate) struct Crew<W> {
    /// Does everything where there are no others.
    pub first: W,
    #[cfg(feature = "threads")]
    others: Vec<W>,
    /// What items append, until it is joined.
    #[cfg(all(feature = "encode", feature = "threads"))]
    parts: Vec<Vec<u8>>,
}

impl<W> Crew<W> {
    /// Changes every worker; who joins later is `W::default()`.
    pub fn for_all(&mut self, mut f: impl FnMut(&mut W)) {
        f(&mut self.first);
        #[cfg(feature = "threads")]
        self.others.iter_mut().for_each(f);
    }

    /// Lets the first worker take over what the others have.
    #[cfg(feature = "encode")]
    pub fn join(&mut self, f: impl Fn(&mut W, &W)) {
        #[cfg(feature = "threads")]
        self.others.iter().for_each(|other| f(&mut self.first, other));
        #[cfg(not(feature = "threads"))]
        let _ = f;
    }
}

#[cfg(feature = "encode")]
impl<W: Default + Send> Crew<W> {
    /// Calls `f` for all items, with one worker at a time each, and `done` with the results in order.
    pub fn each<I: Send, T: Send>(
        &mut self,
        items: impl ExactSizeIterator<Item = I> + Send,
        f: impl Fn(&mut W, I) -> Result<T> + Sync,
        mut done: impl FnMut(T),
    ) -> Result<()> {
        #[cfg(feature = "threads")]
        if items.len() > 1 && threads() > 1 {
            return self.share(threads(), items, f, done);
        }
        for item in items {
            done(f(&mut self.first, item)?);
        }
        Ok(())
    }

    /// Calls `f` for the parts of `0..len`, of `per()` each, where that many values are worth it, else for all at once.
    pub fn parts<T: Send>(
        &mut self,
        values: usize,
        len: usize,
        per: impl FnOnce() -> usize,
        f: impl Fn(&mut W, Range<usize>) -> T + Sync,
        mut done: impl FnMut(T),
    ) {
        #[cfg(feature = "threads")]
        if pays(values) {
            let per = per().max(1);
            let parts = (0..len.div_ceil(per)).map(|part| part * per..len.min(part * per + per));
            let shared = self.share(threads(), parts, |worker, part| Ok(f(worker, part)), done);
            debug_assert!(shared.is_ok(), "nothing was wrong");
            return;
        }
        done(f(&mut self.first, 0..len));
        let _ = (values, per);
    }

    /// The same where `f` appends bytes to what is given last; `done` is told how many.
    pub fn append<I: Send>(
        &mut self,
        items: impl ExactSizeIterator<Item = I> + Send,
        out: &mut Vec<u8>,
        f: impl Fn(&mut W, I, &mut Vec<u8>) -> Result<()> + Sync,
        mut done: impl FnMut(usize),
    ) -> Result<()> {
        #[cfg(feature = "threads")]
        if items.len() > 1 && threads() > 1 {
            let count = items.len();
            // Kept for the next call: memory that is given back has to be cleared before it is had again.
            let mut parts = core::mem::take(&mut self.parts);
            parts.resize_with(count.max(parts.len()), Vec::new);
            let own = |worker: &mut W, (item, own): (I, &mut Vec<u8>)| {
                own.clear();
                f(worker, item, own)
            };
            let result = self.share(threads(), items.zip(&mut parts), own, |()| ());
            for part in &parts[..count] {
                out.extend_from_slice(part);
                done(part.len());
            }
            self.parts = parts;
            return result;
        }
        for item in items {
            let before = out.len();
            f(&mut self.first, item, out)?;
            done(out.len() - before);
        }
        Ok(())
    }
}

/// True where so many values are worth several threads, and there are several.
#[cfg(feature = "encode")]
#[inline(always)]
pub(crate) fn pays(_values: usize) -> bool {
    #[cfg(feature = "threads")]
    return _values > 1 << 19 && threads() > 1;
    #[cfg(not(feature = "threads"))]
    false
}

/// Threads that a call may use: those of the pool whose `install` is running, else of rayon's global one.
#[cfg(feature = "threads")]
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}

#[cfg(feature = "threads")]
impl<W: Default + Send> Crew<W> {
    /// [`Self::each`] by at most so many threads.
    pub fn share<I: Send, T: Send>(
        &mut self,
        threads: usize,
        items: impl ExactSizeIterator<Item = I> + Send,
        f: impl Fn(&mut W, I) -> Result<T> + Sync,
        mut done: impl FnMut(T),
    ) -> Result<()> {
        use rayon::prelude::*;
        use std::sync::{Mutex, PoisonError};

        let others = threads.min(items.len()).max(1) - 1;
        if self.others.len() < others {
            self.others.resize_with(others, W::default);
        }
        let mut workers: Vec<&mut W> = self.others[..others].iter_mut().collect();
        workers.push(&mut self.first);
        let queue = Mutex::new(items.enumerate());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = |worker: &mut &mut W| {
            let mut own = Vec::new();
            while let Some((index, item)) = next() {
                let result = f(worker, item);
                if result.is_err() {
                    // What was not handed out yet comes after this item, and cannot change the outcome.
                    while next().is_some() {}
                }
                own.push((index, result));
            }
            own
        };
        let mut results: Vec<_> = workers.par_iter_mut().with_max_len(1).flat_map_iter(work).collect();
        results.sort_unstable_by_key(|(index, _)| *index);
        for (_, result) in results {
            done(result?);
        }
        Ok(())
    }
}
