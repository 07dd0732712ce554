//! What must hold for any features and any metric.

use proptest::prelude::*;
use slicer_calibrate::{Error, Layout, Matrix, Metric, Moments, Transform, TransformOptions};

/// Correlated features: a random mixture of independent sources, each with a scale and an offset of its own.
fn features(channels: usize, rows: usize, plane: usize, seed: u64) -> Vec<f32> {
    let mut random = generator(seed);
    let mixing: Vec<f64> = (0..channels * channels).map(|_| random()).collect();
    let scale: Vec<f64> = (0..channels)
        .map(|c| 10f64.powf(1.5 * random()) * if c % 5 == 4 { 20.0 } else { 1.0 })
        .collect();
    let mut data = vec![0f32; rows * channels * plane];
    for row in 0..rows {
        for position in 0..plane {
            let source: Vec<f64> = scale.iter().map(|s| s * random()).collect();
            for c in 0..channels {
                let x: f64 = (0..channels).map(|k| mixing[c * channels + k] * source[k]).sum();
                data[(row * channels + c) * plane + position] = (x + 3.0 * c as f64) as f32;
            }
        }
    }
    data
}

/// xorshift64*, as numbers from −1 to 1.
fn generator(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

fn gram(channels: usize, outputs: usize, seed: u64) -> Matrix {
    let mut random = generator(seed);
    let weights = Matrix::from_fn(outputs, channels, |_, c| random() * (1.0 + c as f64));
    weights.transpose() * weights
}

fn seen(channels: usize, rows: usize, plane: usize, seed: u64) -> (Vec<f32>, Moments) {
    let data = features(channels, rows, plane, seed);
    let mut moments = Moments::new(channels).unwrap();
    moments.add(&data, plane, Layout::Planes).unwrap();
    (data, moments)
}

fn largest(matrix: &Matrix) -> f64 {
    matrix.iter().fold(0.0, |top: f64, x| top.max(x.abs()))
}

/// Mean and covariance in two passes.
fn two_passes(data: &[f32], channels: usize, plane: usize) -> (Vec<f64>, Matrix) {
    let rows = data.len() / (channels * plane);
    let n = (rows * plane) as f64;
    let at = |row: usize, c: usize, p: usize| f64::from(data[(row * channels + c) * plane + p]);
    let each = |c: usize| (0..rows).flat_map(move |r| (0..plane).map(move |p| (r, c, p)));
    let mean: Vec<f64> = (0..channels)
        .map(|c| each(c).map(|(r, c, p)| at(r, c, p)).sum::<f64>() / n)
        .collect();
    let covariance = Matrix::from_fn(channels, channels, |i, j| {
        each(i)
            .map(|(r, _, p)| (at(r, i, p) - mean[i]) * (at(r, j, p) - mean[j]))
            .sum::<f64>()
            / n
    });
    (mean, covariance)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn moments_are_those_of_two_passes(channels in 1usize..12, rows in 1usize..20, plane in 1usize..20, seed: u64) {
        let (data, moments) = seen(channels, rows, plane, seed);
        let (mean, covariance) = two_passes(&data, channels, plane);
        let size = largest(&covariance).max(1e-30);
        prop_assert!(largest(&(moments.covariance() - &covariance)) <= 1e-9 * size);
        for (a, b) in moments.mean().iter().zip(&mean) {
            prop_assert!((a - b).abs() <= 1e-9 * (1.0 + b.abs()));
        }
        let shrinkage = moments.shrinkage();
        prop_assert!((0.0..=1.0).contains(&shrinkage));
    }

    #[test]
    fn both_layouts_and_any_pieces_give_the_same(channels in 1usize..9, rows in 2usize..9, plane in 1usize..12, seed: u64) {
        let (data, whole) = seen(channels, rows, plane, seed);
        let mut turned = vec![0f32; data.len()];
        for row in 0..rows {
            for c in 0..channels {
                for p in 0..plane {
                    turned[(row * plane + p) * channels + c] = data[(row * channels + c) * plane + p];
                }
            }
        }
        let mut pieces = Moments::new(channels).unwrap();
        for row in turned.chunks(channels * plane) {
            pieces.add(row, plane, Layout::Positions).unwrap();
        }
        prop_assert_eq!(pieces.covariance(), whole.covariance());
        prop_assert_eq!(pieces.mean(), whole.mean());
        prop_assert_eq!(pieces.shrinkage().to_bits(), whole.shrinkage().to_bits());
    }

    #[test]
    fn the_transform_inverts_decorrelates_and_keeps_the_volume(
        channels in 1usize..24, plane in 4usize..9, outputs in 1usize..30, share in 0.0..0.95f64, seed: u64,
    ) {
        let rows = Moments::rows_needed(channels, plane, true);
        let (_, moments) = seen(channels, rows, plane, seed);
        let metric = Metric::from_gram(&gram(channels, outputs, seed ^ 7), share).unwrap();
        let fitted = Transform::fit(&moments, &metric, TransformOptions { rank: None, shrinkage: Some(0.0) }).unwrap();
        let one = Matrix::identity(channels, channels);
        prop_assert!(largest(&(&fitted.forward * &fitted.inverse - &one)) < 1e-9);
        prop_assert!(largest(&(&fitted.inverse * &fitted.forward - &one)) < 1e-9);

        let coefficients = &fitted.forward * moments.covariance() * fitted.forward.transpose();
        let size = largest(&coefficients);
        for i in 0..channels {
            prop_assert!((coefficients[(i, i)] - fitted.sigma[i].powi(2)).abs() <= 1e-9 * size);
            prop_assert!(i == 0 || fitted.sigma[i] <= fitted.sigma[i - 1]);
            for j in 0..i {
                prop_assert!(coefficients[(i, j)].abs() <= 1e-9 * size);
            }
        }
        prop_assert!((fitted.forward.determinant().abs() - 1.0).abs() < 1e-6);

        // An error of one step in any coefficient weighs the same: T⁻ᵀ·... is orthonormal under S².
        let weighed = fitted.inverse.transpose() * metric.root() * metric.root() * &fitted.inverse;
        prop_assert!(largest(&(weighed - &one)) < 1e-9);
    }

    #[test]
    fn a_reduced_transform_is_the_first_rows_of_the_whole(channels in 2usize..16, seed: u64, cut in 0.0..1.0f64) {
        let rank = 1 + (cut * (channels - 1) as f64) as usize;
        let (_, moments) = seen(channels, 64, 4, seed);
        let metric = Metric::from_gram(&gram(channels, 5, seed), 0.6).unwrap();
        let whole = Transform::fit(&moments, &metric, TransformOptions::default()).unwrap();
        let part = Transform::fit(&moments, &metric, TransformOptions { rank: Some(rank), shrinkage: None }).unwrap();
        prop_assert_eq!(&part.forward, &whole.forward.rows(0, rank).into_owned());
        prop_assert_eq!(&part.inverse, &whole.inverse.columns(0, rank).into_owned());
        prop_assert!(part.kept <= 1.0 + 1e-12 && part.kept >= 0.0);
        prop_assert!(largest(&(&part.forward * &part.inverse - Matrix::identity(rank, rank))) < 1e-9);
    }

    #[test]
    fn shrinkage_falls_with_the_number_of_rows(channels in 4usize..10, seed: u64) {
        let few = seen(channels, 10, 4, seed).1.shrinkage();
        let many = seen(channels, 1000, 4, seed).1.shrinkage();
        prop_assert!(many < few, "{many} {few}");
        prop_assert!(many < 0.1);
    }
}

#[test]
fn features_nobody_can_use_are_refused() {
    let mut moments = Moments::new(3).unwrap();
    assert_eq!(moments.add(&[1.0, 2.0], 1, Layout::Planes), Err(Error::Shape));
    assert_eq!(moments.add(&[], 1, Layout::Planes), Err(Error::Shape));
    assert_eq!(
        moments.add(&[1.0, f32::NAN, 0.0], 1, Layout::Planes),
        Err(Error::NonFinite { index: 1 })
    );
    assert_eq!(
        moments.add(&[1.0, 0.0, f32::INFINITY], 1, Layout::Planes),
        Err(Error::NonFinite { index: 2 })
    );
    assert_eq!(moments.rows(), 0);
    moments.add(&[1.0, 2.0, 3.0], 1, Layout::Planes).unwrap();
    let refused = Transform::fit(&moments, &Metric::identity(3), TransformOptions::default()).unwrap_err();
    assert_eq!(refused, Error::TooFew { have: 1, need: 16 });
    assert!(matches!(Moments::new(0), Err(Error::Shape)));
    assert!(matches!(Moments::new(1 << 20), Err(Error::TooLarge)));
}

#[test]
fn a_metric_that_is_none_is_refused() {
    let refused =
        |values: [f64; 4], share| Metric::from_gram(&Matrix::from_row_slice(2, 2, &values), share).unwrap_err();
    assert_eq!(refused([1.0, 0.5, 0.0, 1.0], 0.6), Error::BadMetric);
    assert_eq!(refused([1.0, f64::NAN, f64::NAN, 1.0], 0.6), Error::BadMetric);
    assert_eq!(refused([0.0, 0.0, 0.0, 0.0], 0.6), Error::BadMetric);
    assert_eq!(refused([1.0, 2.0, 2.0, 1.0], 1.0), Error::BadMetric);
    assert_eq!(refused([1.0, 0.0, 0.0, 0.0], 1.0), Error::Singular);
    assert_eq!(refused([1.0, 0.0, 0.0, 1.0], 1.5), Error::BadOption);
    assert!(Metric::from_gram(&Matrix::from_row_slice(2, 2, &[1.0, 0.0, 0.0, 0.0]), 0.6).is_ok());
}

/// Constant and duplicated channels, and features of rank one: no variance is no reason to fail.
#[test]
fn dead_channels_are_no_trouble() {
    let channels = 40;
    let mut data = features(channels, 64, 4, 3);
    for row in data.chunks_exact_mut(channels * 4) {
        row[..8 * 4].fill(0.0);
        row[8 * 4..12 * 4].fill(7.5);
        let copy: Vec<f32> = row[12 * 4..20 * 4].to_vec();
        row[20 * 4..28 * 4].copy_from_slice(&copy);
    }
    for values in [
        data,
        vec![0.0; channels * 64 * 4],
        (0..channels * 64 * 4).map(|i| (i / 4 % channels) as f32).collect(),
    ] {
        let mut moments = Moments::new(channels).unwrap();
        moments.add(&values, 4, Layout::Planes).unwrap();
        let fitted = Transform::fit(&moments, &Metric::identity(channels), TransformOptions::default()).unwrap();
        let one = Matrix::identity(channels, channels);
        assert!(largest(&(&fitted.forward * &fitted.inverse - one)) < 1e-9);
        assert!(fitted.sigma.iter().all(|x| x.is_finite() && *x >= 0.0));
    }
}

#[test]
fn signs_are_fixed() {
    let (_, moments) = seen(9, 200, 2, 11);
    let fitted = Transform::fit(&moments, &Metric::identity(9), TransformOptions::default()).unwrap();
    for row in fitted.forward.row_iter() {
        let top = row
            .iter()
            .fold(0.0_f64, |top, &x| if x.abs() > top.abs() { x } else { top });
        assert!(top > 0.0);
    }
}
