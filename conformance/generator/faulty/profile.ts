/** Faults in profiles (`spec/profile.md`); a frame names each, and is right. */

import { type Fault, varint } from '../bytes.ts';
import { calibrated, fullProfile } from '../calibration.ts';
import type { Code, Collection } from '../collection.ts';
import type { Body, Setup } from '../model.ts';
import { type Profile, type ProfileDamage, profileFile } from '../profile.ts';
import { coded, type Source } from '../samples.ts';
import { become, flip } from './damage.ts';
import { type Bad, faultyIdentity } from './identity.ts';

const NAN = [0, 0, 0xc0, 0x7f];
const INFINITE = [0, 0, 0x80, 0x7f];
const MINUS_INFINITE = [0, 0, 0x80, 0xff];
const ZERO = [0, 0, 0, 0];
const MINUS_ONE = [0, 0, 0x80, 0xbf];
/** 2^113: times 32768 it is 2^128. */
const TOO_LARGE = [0, 0, 0, 0x78];

/** Four bytes replaced. */
function four(position: number, bytes: readonly number[]): Fault {
  return (old) => old.map((b, i) => (i >= position && i < position + 4 ? bytes[i - position] : b));
}

/** Every field of a profile. */
export function faultyProfiles(out: Collection, source: Source): void {
  const full = fullProfile(source('faulty profile'));
  const pair = coded({ profile: { file: profileFile(full) } }, source('faulty profile'), []);
  const bad = (
    id: string,
    about: string,
    sections: string,
    error: Code,
    field: string,
    damage: ProfileDamage | Fault,
    drawer: 'malformed' | 'invalid' = 'invalid',
    profile: Profile = full,
  ) => {
    const whole = typeof damage === 'function' ? { faults: { [field]: damage } } : damage;
    out.badProfile(`profile-${id}`, about, sections, error, field, [profile, whole], pair, drawer);
  };
  faultyIdentity(bad, full);
  const field = (id: string, about: string, name: string, error: Code, fault: Fault, section = 'P2') =>
    bad(id, about, section, error, name, fault);
  field('section-7', 'a reserved section', 'sections', 'unsupported_feature', become(0xff, 1));
  field('section-31', 'a reserved section', 'sections', 'unsupported_feature', become(0xff, 0xff, 0xff, 0xff, 0x08));
  bad('sections-overlong', 'an overlong varint', '2 P2', 'corrupt', 'sections', become(0xff, 0), 'malformed');
  const forwardAlone: Profile = { ...full, transform: undefined };
  bad(
    'forward-alone',
    'a forward transform without a transform',
    'P2',
    'unsupported_feature',
    'sections',
    {},
    'invalid',
    forwardAlone,
  );
  field('channels-0', 'no channels', 'channels', 'bad_dims', become(0));
  field('channels-65537', 'more channels than 65536', 'channels', 'bad_dims', become(...varint(65537)));
  field('channels-2-32', 'the largest varint', 'channels', 'bad_dims', become(...varint(4294967295)));
  for (const [name, bytes] of [
    ['nan', NAN],
    ['infinite', INFINITE],
    ['minus-infinite', MINUS_INFINITE],
  ] as const)
    field(`mean-${name}`, `a mean that is ${name}`, 'mean', 'corrupt', four(4, bytes));
  integers(out, source, pair);
  field('coefficients-0', 'no coefficients', 'coefficients', 'bad_dims', become(0), 'P3');
  field('coefficients-4', 'more coefficients than channels', 'coefficients', 'bad_dims', become(4), 'P3');
  for (const [columns, what] of [
    ['columns', 'transform'],
    ['forward', 'forward transform'],
  ] as const) {
    for (const [name, bytes] of [
      ['zero', ZERO],
      ['minus-one', MINUS_ONE],
      ['nan', NAN],
      ['infinite', INFINITE],
      ['2-113', TOO_LARGE],
    ] as const) {
      // The second column's: behind four bytes and three integers of the first.
      const id = `${columns === 'columns' ? 'scale' : 'forward-scale'}-${name}`;
      field(id, `a scale of the ${what} that is ${name.replace('-', ' ')}`, columns, 'corrupt', four(10, bytes), 'P3');
    }
  }
  for (const bit of [6, 7])
    field(`recipe-bit-${bit}`, 'a reserved bit', 'recipe', 'unsupported_feature', become(1 << bit), 'P4');
  curve(field, bad, full);
  const metadata = (id: string, about: string, error: Code, bytes: number[]) =>
    bad(`metadata-${id}`, about, '4.4 P2', error, 'metadata', become(...bytes), 'malformed');
  metadata('length-too-long', 'a record beyond the end', 'truncated', [1, 64, 200, 1, 1, 2, 3]);
  metadata('count-too-large', 'more records than there are', 'truncated', [3, 64, 0, 65, 0]);
  metadata('overlong', 'an overlong varint', 'corrupt', [0x81, 0, 64, 0]);
  announced(out, source);
}

/** Class lists of channels and of coefficients. */
function integers(out: Collection, source: Source, [s, b]: readonly [Setup, Body]): void {
  const base = calibrated('integers', source('integers'), 3, { mean: true, classes: true, coefficients: 3 });
  const bad = (
    id: string,
    about: string,
    field: string,
    profile: Profile,
    damage: ProfileDamage = {},
    drawer?: 'malformed',
  ) =>
    out.badProfile(
      `profile-${id}`,
      about,
      `2.1 ${field === 'classes' ? 'P2' : 'P3'}`,
      'corrupt',
      field,
      [profile, damage],
      [s, b],
      drawer,
    );
  for (const [name, field, put] of [
    ['class', 'classes', (classes: number[]) => ({ ...base, classes })],
    [
      'coefficient-class',
      'coefficientClasses',
      (classes: number[]) => ({ ...base, transform: { ...base.transform!, classes } }),
    ],
  ] as const) {
    for (const value of [64, -64, 2 ** 30]) {
      const id = `${name}-${value < 0 ? 'minus-' : ''}${Math.abs(value)}`;
      bad(id, `an integer of ${value}`, field, put([0, value, 0]));
    }
    // k = 1 and residuals of one bit each leave padding.
    bad(
      `${name}-padding`,
      'a padding bit set',
      field,
      put([0, 0, 0]),
      { faults: { [field]: flip(-1, 128) } },
      'malformed',
    );
  }
  const [one, levels] = coded({ dims: [2, 1, 3, 3] }, source('one channel'), []);
  const lone = calibrated('lone', source('lone'), 1, { mean: true });
  const damage = { faults: { classes: become(0xc0) } };
  out.badProfile(
    'profile-class-lone',
    'one channel, and an integer of −64',
    '2.1 P2',
    'corrupt',
    'classes',
    [{ ...lone, classes: [0] }, damage],
    [{ ...one, profile: { file: profileFile(lone) } }, levels],
  );
}

type Field = (id: string, about: string, name: string, error: Code, fault: Fault, section?: string) => void;

function curve(field: Field, bad: Bad, full: Profile): void {
  const points = (id: string, about: string, curve: [number, number, number][]) =>
    bad(`curve-${id}`, about, 'P4', 'corrupt', 'curve', {}, 'invalid', { ...full, curve });
  points('step-twice', 'a step twice', [
    [0.25, 100, 0.1],
    [0.25, 90, 0.2],
  ]);
  points('steps-descending', 'steps that descend', [
    [0.25, 100, 0.1],
    [0.5, 90, 0.2],
    [0.375, 80, 0.3],
  ]);
  points(
    '257-points',
    'more points than 256',
    Array.from({ length: 257 }, (_, i) => [i + 1, 300 - i, i + 1]),
  );
  for (const [which, start] of [
    ['step', 13],
    ['bytes', 17],
    ['divergence', 21],
  ] as const) {
    for (const [name, bytes] of [
      ['zero', ZERO],
      ['minus-one', MINUS_ONE],
      ['nan', NAN],
      ['infinite', INFINITE],
    ] as const) {
      field(
        `curve-${which}-${name}`,
        `a ${which} that is ${name.replace('-', ' ')}`,
        'curve',
        'corrupt',
        four(start, bytes),
        'P4',
      );
    }
  }
}

/** Small files that announce large matrices. */
function announced(out: Collection, source: Source): void {
  const pair = coded({ dims: [1, 65536, 1, 1] }, source('announced'), []);
  const small = calibrated('announced', source('announced'), 3, { mean: true });
  const bad = (
    id: string,
    about: string,
    section: string,
    field: string,
    profile: Profile,
    faults: Record<string, Fault>,
  ) => {
    const setup = { ...pair[0], profile: { file: profileFile(profile) } };
    out.badProfile(
      `profile-${id}`,
      about,
      `${section} P5`,
      'truncated',
      field,
      [profile, { faults }],
      [setup, pair[1]],
      'malformed',
      ['limit_exceeded'],
    );
  };
  const most = become(...varint(65536));
  bad('channels-65536-mean-missing', 'means of 65536 channels that are not there', 'P2', 'mean', small, {
    channels: most,
  });
  const square = calibrated('announced', source('announced'), 3, { coefficients: 3 });
  // A class list of 65536 zeros: a parameter of 0 and a bit each.
  const classes = become(...Array(8193).fill(0));
  bad('columns-65536-missing', '65536 columns of 65536 channels that are not there', 'P3', 'columns', square, {
    channels: most,
    coefficients: most,
    coefficientClasses: classes,
  });
}
