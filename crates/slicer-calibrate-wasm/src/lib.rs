//! WebAssembly façade of the calibration: pointers and numbers cross the boundary, and nothing is decided here.
//!
//! A *handle* is the address of a `Calibrator`. The host writes tensors and the metric into its buffers and reads
//! results from its lists. Operations return 0 or the code of the error, whose number is then in [`detail`].

use slicer_calibrate::{Error, Layout, Matrix, Metric, Moments, Transform, TransformOptions};
use wasm_bindgen::prelude::wasm_bindgen;

/// What one calibration holds.
struct Calibrator {
    moments: Moments,
    values: Vec<f32>,
    gram: Vec<f64>,
    metric: Metric,
    detail: usize,
    lists: [Vec<f64>; LISTS],
}

const LISTS: usize = 6;
const MEAN: usize = 0;
const SIGMA: usize = 1;
const FORWARD: usize = 2;
const INVERSE: usize = 3;
const COEFFICIENT_SIGMA: usize = 4;
/// Rows, positions, shrinkage, share kept.
const FACTS: usize = 5;

impl Calibrator {
    /// Fills the lists that need no transform.
    fn fill(&mut self, shrinkage: f64, kept: f64) {
        self.lists[MEAN] = self.moments.mean();
        self.lists[SIGMA] = self.moments.sigma();
        self.lists[FACTS] = vec![self.moments.rows() as f64, self.moments.positions(), shrinkage, kept];
    }
}

fn get<'a>(handle: u32) -> &'a mut Calibrator {
    // SAFETY: the SDK hands back only addresses made by `calibrator_new`, forgets a handle when it frees it, and calls
    // from one thread, one operation at a time.
    unsafe { &mut *(handle as usize as *mut Calibrator) }
}

fn code(calibrator: &mut Calibrator, result: Result<(), Error>) -> u32 {
    match result {
        Ok(()) => 0,
        Err(error) => {
            calibrator.detail = error.detail();
            error.code()
        }
    }
}

/// Starts a calibration; 0 when there are too many channels or none.
#[wasm_bindgen]
pub fn calibrator_new(channels: u32) -> u32 {
    let channels = channels as usize;
    let Ok(moments) = Moments::new(channels) else { return 0 };
    let calibrator = Calibrator {
        moments,
        values: Vec::new(),
        gram: Vec::new(),
        metric: Metric::identity(channels),
        detail: 0,
        lists: Default::default(),
    };
    Box::into_raw(Box::new(calibrator)) as usize as u32
}

/// Ends a calibration.
#[wasm_bindgen]
pub fn calibrator_free(handle: u32) {
    // SAFETY: as in `get`; the SDK frees a handle once.
    drop(unsafe { Box::from_raw(handle as usize as *mut Calibrator) });
}

/// The number that goes with the last error.
#[wasm_bindgen]
pub fn detail(handle: u32) -> f64 {
    get(handle).detail as f64
}

/// Makes room for the values of a tensor and returns its address, or 0 when there is no memory.
#[wasm_bindgen]
pub fn values(handle: u32, len: u32) -> u32 {
    let values = &mut get(handle).values;
    values.clear();
    if values.try_reserve_exact(len as usize).is_err() {
        return 0;
    }
    values.resize(len as usize, 0.0);
    values.as_ptr() as usize as u32
}

/// Adds the tensor in [`values`]: `plane` positions a row, channel by channel or (`positions`) position by position.
#[wasm_bindgen]
pub fn add(handle: u32, plane: u32, positions: bool) -> u32 {
    let calibrator = get(handle);
    let layout = if positions { Layout::Positions } else { Layout::Planes };
    let values = std::mem::take(&mut calibrator.values);
    let result = calibrator.moments.add(&values, plane as usize, layout);
    calibrator.values = values;
    code(calibrator, result)
}

/// Makes room for a metric, channels × channels, and returns its address.
#[wasm_bindgen]
pub fn gram(handle: u32) -> u32 {
    let calibrator = get(handle);
    let channels = calibrator.moments.channels();
    calibrator.gram.resize(channels * channels, 0.0);
    calibrator.gram.as_ptr() as usize as u32
}

/// Takes the metric in [`gram`], mixed with the identity by `share`.
#[wasm_bindgen]
pub fn set_metric(handle: u32, share: f64) -> u32 {
    let calibrator = get(handle);
    let channels = calibrator.moments.channels();
    let gram = Matrix::from_row_slice(channels, channels, &calibrator.gram);
    calibrator.gram = Vec::new();
    let result = Metric::from_gram(&gram, share).map(|metric| calibrator.metric = metric);
    code(calibrator, result)
}

/// Makes the results that need no transform.
#[wasm_bindgen]
pub fn statistics(handle: u32) {
    let calibrator = get(handle);
    let shrinkage = calibrator.moments.shrinkage();
    calibrator.fill(shrinkage, 1.0);
}

/// Computes the transform: `rank` 0 keeps all, `shrinkage` NaN is estimated.
#[wasm_bindgen]
pub fn fit(handle: u32, rank: u32, shrinkage: f64) -> u32 {
    let calibrator = get(handle);
    let options = TransformOptions {
        rank: (rank > 0).then_some(rank as usize),
        shrinkage: (!shrinkage.is_nan()).then_some(shrinkage),
    };
    let result = Transform::fit(&calibrator.moments, &calibrator.metric, options).map(|fitted| {
        calibrator.fill(fitted.shrinkage, fitted.kept);
        // Row by row, as the host keeps matrices.
        calibrator.lists[FORWARD] = fitted.forward.transpose().as_slice().to_vec();
        calibrator.lists[INVERSE] = fitted.inverse.transpose().as_slice().to_vec();
        calibrator.lists[COEFFICIENT_SIGMA] = fitted.sigma;
    });
    code(calibrator, result)
}

/// Address of a list of results.
#[wasm_bindgen]
pub fn list(handle: u32, which: u32) -> u32 {
    get(handle).lists[which as usize].as_ptr() as usize as u32
}

/// Length of a list of results.
#[wasm_bindgen]
pub fn list_len(handle: u32, which: u32) -> u32 {
    get(handle).lists[which as usize].len() as u32
}
