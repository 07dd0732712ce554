/**
 * § 15 Channel transform and mean, of one row.
 */

import { Profile } from './profile';

/** Channels of a row from coefficients: y[c][i] = Σ A[c][k] · z[k][i], of planes of `area` values. */
export function channelTransform(profile: Profile, z: StaticArray<f32>, y: StaticArray<f32>, area: u32): void {
  for (let c: u32 = 0; c < profile.channels; c++) {
    for (let i: u32 = 0; i < area; i++) {
      let sum: f32 = 0;
      for (let k: u32 = 0; k < profile.coefficients; k++) {
        sum = sum + profile.matrix[k * profile.channels + c] * z[k * area + i];
      }
      y[c * area + i] = sum;
    }
  }
}

export function addMean(profile: Profile, y: StaticArray<f32>, area: u32): void {
  for (let c: u32 = 0; c < profile.channels; c++) {
    for (let i = c * area; i < (c + 1) * area; i++) y[i] = y[i] + profile.mean[c];
  }
}
