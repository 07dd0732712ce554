/** Profiles: mean, classes, channel transform (§ 4.3, § 15, `profile.md`). */

import { f32OfBits } from '../bytes.ts';
import { fullProfile, profileOf } from '../calibration.ts';
import type { Collection, Notes } from '../collection.ts';
import { TYPES } from '../elements.ts';
import { makerOf } from '../maker.ts';
import { type Profile, profileFile } from '../profile.ts';
import { family, type Source, UNITS } from '../samples.ts';
import { LANES } from './coder.ts';
import { byIndex } from './planes.ts';

/** What a profile may hold at most. */
const EXTREMES: Omit<Profile, 'name' | 'channels'> = {
  mean: [f32OfBits(1), -0, f32OfBits(0xff7fffff) / 2],
  classes: [-63, 63, 0],
  transform: {
    classes: [63, -63, 0],
    columns: [
      { s: f32OfBits(1), values: [-32768, 32767, 0] },
      { s: f32OfBits(0x777fffff), values: [-32768, 32767, 1] },
      { s: f32OfBits(0x777fffff), values: [32767, -32768, -1] },
    ],
  },
  recipe: 0,
  curve: [[f32OfBits(1), f32OfBits(0x7f7fffff), f32OfBits(1)]],
  metadata: [],
};

/** What a profile is used for. */
export function profileVectors(out: Collection, source: Source): void {
  const full = profileFile(fullProfile(source('full profile')));
  const make = makerOf(out, source, { outliers: [37, -60] });
  make('profile-unused', 'a profile with all sections, and nothing used of it', '4.3 P1 P2 P3 P4 P5', {
    profile: { file: full },
  });
  for (const type of TYPES) {
    const step = type === 'float32' ? 0.3 : 0.75;
    make(`mean-${type}`, `the mean is added before the value becomes ${type}`, '4.3 11 15 P2', {
      type,
      step,
      profile: { file: full, mean: true },
    });
  }
  const classes = { file: full, classes: true };
  make('profile-classes', 'classes of channels from a profile, no row classes', '4.3 9.1 P2', {
    profile: classes,
    tables: family(9),
  });
  make(
    'profile-classes-rows',
    'classes of channels from a profile, those of rows in the body',
    '4.3 9.1 P2',
    { profile: classes, classes: { rows: true }, tables: family(9) },
    { rowClasses: [-1, 3] },
  );
  make('profile-classes-contexts', 'classes from a profile, of two contexts each', '4.3 9 9.2', {
    profile: classes,
    thresholds: [2],
    tables: family(18, 0, 3, 2),
  });
  const both = { file: full, mean: true, classes: true };
  make(
    'profile-mean-classes-bare',
    'both uses, a bare body',
    '3.2 4.3 15',
    { profile: both, tables: family(6) },
    {},
    {
      bare: true,
    },
  );
  const rare: Notes = { drawer: 'legal-but-rare' };
  const other = profileOf('another', source('another'), 3, { mean: true });
  make(
    'profile-twice',
    'the same profile handed over twice, between others',
    '4.3 P1',
    { profile: both },
    {},
    {
      ...rare,
      profiles: [other, full, full],
    },
  );
  make(
    'profile-for-nothing',
    'profiles that the frame does not name',
    '4.3',
    {},
    {},
    { ...rare, profiles: [full, other] },
  );
  const extremes = profileFile({ name: 'extremes', channels: 3, ...EXTREMES });
  make(
    'profile-extremes',
    'scales, means and integers at their bounds',
    'P2 P3 P4',
    { profile: { file: extremes, classes: true } },
    {},
    rare,
  );
  make(
    'transform-extremes',
    'products that vanish and sums that cancel',
    '15 P3',
    {
      profile: { file: extremes, mean: true },
      channelTransform: true,
      step: 2 ** -20,
    },
    {},
    rare,
  );
  const empty = { profile: { file: full, mean: true }, channelTransform: true };
  for (const [name, dims] of [
    ['rows', [0, 3, 2, 2]],
    ['planes', [2, 3, 0, 2]],
  ] as const) {
    make(
      `transform-empty-${name}`,
      'no values',
      '4.3 5.2 15',
      { ...empty, dims: [...dims], dct: 'weighted' },
      {},
      rare,
    );
  }
  transforms(out, source);
}

function transforms(out: Collection, source: Source): void {
  const square = profileOf('square', source('square'), 6, { mean: true, classes: true, coefficients: 6 });
  const reduced = profileOf('reduced', source('reduced'), 6, { mean: true, coefficients: 4, forward: true });
  const planes = { dims: [2, 6, 3, 4], channelTransform: true };
  const make = makerOf(out, source, { base: planes, outliers: [37, -60] });
  for (const [name, file] of [
    ['square', square],
    ['reduced', reduced],
  ] as const) {
    for (const mean of [false, true]) {
      const id = `transform-${name}${mean ? '-mean' : ''}`;
      const about = `${name === 'square' ? 'as many coefficients as channels' : '4 coefficients for 6 channels'}${mean ? ', with the mean' : ''}`;
      make(id, about, '4.3 15 P3', { profile: { file, mean } });
    }
    make(`transform-${name}-classes`, 'classes of the transform’s coefficients', '4.3 9.1 P3', {
      profile: { file, classes: true },
      tables: family(10),
    });
    const n = name === 'square' ? 6 : 4;
    make(
      `transform-${name}-lists`,
      'classes and scales of coefficients and rows',
      '4.3 5 9.1 10 15',
      {
        profile: { file, mean: true },
        classes: { rows: true, channels: byIndex(n) },
        scales: { rows: true, channels: byIndex(n).map((i) => 2 - i) },
        tables: family(8),
      },
      { rowClasses: [0, 2], rowScales: [-4, 4], stepIndex: 3 },
    );
    make(
      `transform-${name}-raw`,
      'a raw body of all channels',
      '4.3 5.1',
      { profile: { file, mean: true } },
      {
        raw: Uint8Array.from({ length: 576 }, (_, i) => (i * 5) % 64),
        levels: undefined,
      },
    );
    const bare = { bare: true };
    make(
      `transform-${name}-segments`,
      'segments of coefficient planes',
      '4.3 5.2',
      { profile: { file }, segmentSize: 3 },
      {},
      bare,
    );
  }
  for (const lanes of LANES) {
    const some = { lanes, profile: { file: reduced }, dims: [3, 6, 5, 3] };
    make(`transform-lanes-${lanes}`, `${lanes} lane(s) of coefficients`, '4.3 12.1 15', some);
    const contexts = { thresholds: [1, 3], tables: family(3, 0, 6, 6), bins: lanes === 8 ? UNITS : undefined };
    const more = contexts.bins ? contexts : { thresholds: contexts.thresholds, tables: contexts.tables };
    make(`transform-contexts-lanes-${lanes}`, 'contexts in planes of coefficients', '4.3 9.2 12.1 15', {
      ...some,
      ...more,
    });
  }
  for (const type of TYPES) {
    make(`transform-${type}`, `channels become ${type}`, '11 15', {
      type,
      step: type === 'float32' ? 0.1 : 0.8,
      profile: { file: reduced, mean: true },
    });
  }
  make('transform-rows', 'planes of one value', '6 15', { layout: 'rows', dims: [5, 6], profile: { file: reduced } });
  make('transform-nhwc', 'channels last', '6 15', { layout: 'nhwc', dims: [2, 3, 4, 6], profile: { file: reduced } });
  make('transform-explicit', 'axes permuted and grouped', '6 15', {
    layout: { axes: [2, 0, 3, 1], groups: [1, 2, 1] },
    dims: [2, 3, 4, 3],
    profile: { file: square },
  });
  make(
    'transform-bare-rows',
    'one of at most nine rows',
    '3.2 5 15',
    { layout: 'rows', dims: [9, 6], variableRows: true, profile: { file: reduced, mean: true } },
    { rows: 1, levels: [3, -1, 0, 40] },
    { bare: true },
  );
}
