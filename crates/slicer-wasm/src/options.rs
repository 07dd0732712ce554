//! Encoder options from slots, and the report back into them.

use crate::slots::{
    BUDGET, BUDGET_VALUES, DIMS, DTYPE, EFFORT, GRANULARITY, LAYOUT, MODE, PROFILE, RANK, REPORT, STREAM_TOOLS, Slots,
    WANT_REPORT,
};
use alloc::sync::Arc;
use slicer_codec::{
    Budget, DType, Dims, Effort, EncodeOptions, Error, ErrorCode, Field, Granularity, Layout, Mode, Profile, Report,
    Result, StreamEncoder, StreamOptions, TensorRef,
};

/// The tensor that type and dims in the slots make of the input.
pub fn tensor<'a>(slots: &Slots, bytes: &'a [u8]) -> Result<TensorRef<'a>> {
    TensorRef::new(dtype(slots)?, dims(slots)?.as_slice(), bytes)
}

fn dtype(slots: &Slots) -> Result<DType> {
    DType::from_code(slots[DTYPE] as u8).ok_or(invalid(ErrorCode::InvalidTensor, DTYPE))
}

/// The dims in the slots.
fn dims(slots: &Slots) -> Result<Dims> {
    let mut dims = [0; 8];
    let rank = (slots[RANK] as usize).min(8);
    for (dim, &slot) in dims.iter_mut().zip(&slots[DIMS..]) {
        *dim = slot as u32;
    }
    Dims::new(&dims[..rank])
}

/// The options in the slots.
pub fn options(slots: &Slots) -> Result<EncodeOptions> {
    let mut options = EncodeOptions::new(budget(slots)?);
    options.mode = match slots[MODE] as u8 {
        0 => Mode::Auto,
        1 => Mode::Uniform,
        2 => Mode::Slicer,
        3 => Mode::Lossless,
        4 => Mode::Raw,
        _ => return Err(invalid(ErrorCode::InvalidOption, MODE)),
    };
    options.effort = match slots[EFFORT] as u8 {
        0 => Effort::Fast,
        1 => Effort::Default,
        2 => Effort::Dense,
        _ => return Err(invalid(ErrorCode::InvalidOption, EFFORT)),
    };
    options.layout = layout(slots)?;
    options.granularity = match slots[GRANULARITY] as u8 {
        0 => Granularity::Tensor,
        1 => Granularity::Row,
        2 => Granularity::Channel,
        _ => return Err(invalid(ErrorCode::InvalidOption, GRANULARITY)),
    };
    options.report = slots[WANT_REPORT] != 0.0;
    Ok(options)
}

fn layout(slots: &Slots) -> Result<Option<Layout>> {
    Ok(match slots[LAYOUT] as u8 {
        0 => None,
        1 => Some(Layout::Nchw),
        2 => Some(Layout::Nhwc),
        3 => Some(Layout::Rows),
        _ => return Err(invalid(ErrorCode::InvalidOption, LAYOUT)),
    })
}

/// The stream that the slots describe: step, table shape, checksum and rows of the sample take the budget's numbers.
pub fn stream_encoder(slots: &Slots, profiles: &[Arc<Profile>], sample: &[u8]) -> Result<StreamEncoder> {
    let (dtype, dims) = (dtype(slots)?, dims(slots)?);
    let dims = dims.as_slice();
    let [step, shape, checksum, rows] = [0, 1, 2, 3].map(|i| slots[BUDGET_VALUES + i]);
    let options = StreamOptions {
        dtype,
        dims,
        layout: layout(slots)?,
        step: step as f32,
        shape: shape as u8,
        checksum: checksum != 0.0,
        trellis: slots[STREAM_TOOLS] as u8 & 1 != 0,
        adaptive: slots[STREAM_TOOLS] as u8 & 2 != 0,
        profile: (slots[PROFILE] as usize)
            .checked_sub(1)
            .and_then(|i| profiles.get(i))
            .cloned(),
    };
    if rows.is_nan() || dims.is_empty() {
        return StreamEncoder::new(&options, None);
    }
    let mut sampled = [0; 8];
    sampled[..dims.len()].copy_from_slice(dims);
    sampled[0] = rows as u32;
    let sample = TensorRef::new(dtype, &sampled[..dims.len()], sample)?;
    StreamEncoder::new(&options, Some(&sample))
}

fn budget(slots: &Slots) -> Result<Budget> {
    let values = &slots[BUDGET_VALUES..BUDGET_VALUES + 4];
    let given = |i: usize| (!values[i].is_nan()).then_some(values[i]);
    Ok(match slots[BUDGET] as u8 {
        0 => Budget::Nrmse(values[0]),
        1 => Budget::MaxError(values[0]),
        2 => Budget::BitsPerValue(values[0]),
        3 => Budget::Bytes(values[0] as u64),
        4 => Budget::Step(values[0] as f32),
        5 => Budget::Lossless,
        6 => Budget::Method {
            keep: given(0),
            asymmetry: given(1).map(|v| v as f32),
            blocks: given(2).map(|v| v as u32),
            distortion: values[3],
        },
        7 => Budget::ExpectedKl(values[0]),
        _ => return Err(invalid(ErrorCode::InvalidBudget, BUDGET)),
    })
}

fn invalid(code: ErrorCode, slot: usize) -> Error {
    Error::argument(code, Field::Options, slot as u64)
}

/// Writes what the encoder did.
pub fn set_report(slots: &mut Slots, report: &Report) {
    let s = &report.sections;
    let numbers = [
        f64::from(report.mode as u8),
        report.step,
        report.nrmse,
        report.worst_group,
        report.max_error,
        report.energy_ratio,
        f64::from(report.view[0]),
        f64::from(report.view[1]),
        f64::from(report.view[2]),
        f64::from(report.view[3]),
        f64::from(report.warnings),
        s.header as f64,
        s.bins as f64,
        s.tables as f64,
        s.maps as f64,
        s.body as f64,
        s.payload as f64,
        s.checksum as f64,
        f64::from(report.features),
    ];
    slots[REPORT..REPORT + numbers.len()].copy_from_slice(&numbers);
}
