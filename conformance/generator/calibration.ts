/** Profiles for vectors: what a calibration might have found, from random numbers. */
import { type Column, type Profile, type ProfileFile, profileFile } from './profile.ts';
import type { Random } from './random.ts';

/** What a profile for a vector has. */
export interface Parts {
  mean?: boolean;
  classes?: boolean;
  coefficients?: number;
  forward?: boolean;
}

/** Columns of a transform whose products neither vanish nor overflow. */
export function columns(random: Random, coefficients: number, channels: number): Column[] {
  return random.list(coefficients, (k) => ({
    s: Math.fround((1 + k / 8) / 40000),
    values: random.list(channels, (c) => (c === k ? 32767 : random.between(-9000, 9000))),
  }));
}

/** The contents of a profile. */
export function calibrated(name: string, random: Random, channels: number, parts: Parts): Profile {
  const integers = (n: number) => random.list(n, () => random.between(-2, 9));
  const out: Profile = { name, channels };
  if (parts.mean) out.mean = random.list(channels, () => random.between(-4000, 4000) / 1000);
  if (parts.classes) out.classes = integers(channels);
  const { coefficients } = parts;
  if (coefficients !== undefined) {
    out.transform = { classes: integers(coefficients), columns: columns(random, coefficients, channels) };
    if (parts.forward) out.forward = columns(random, coefficients, channels);
  }
  return out;
}

/** The same as a file. */
export function profileOf(name: string, random: Random, channels: number, parts: Parts): ProfileFile {
  return profileFile(calibrated(name, random, channels, parts));
}

/** Everything a profile can have, for three channels. */
export function fullProfile(random: Random): Profile {
  return {
    ...calibrated('full', random, 3, { mean: true, classes: true, coefficients: 2, forward: true }),
    recipe: 0x3f,
    curve: [
      [0.125, 4000, 0.01],
      [0.25, 3000, 0.02],
      [0.5, 2000.5, 0.08],
    ],
    metadata: [
      { type: 64, data: [...Buffer.from('profile')] },
      { type: 7, data: [] },
    ],
  };
}
