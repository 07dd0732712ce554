/** Features that do not go together, and faults in the fields of § 4.3, § 9.1, § 16. */

import { varint } from '../bytes.ts';
import { profileOf } from '../calibration.ts';
import type { Code, Collection, Damage } from '../collection.ts';
import { FEATURE, type Setup } from '../model.ts';
import { coded, family, type Source } from '../samples.ts';
import { become } from './damage.ts';

type Bad = (
  id: string,
  about: string,
  sections: string,
  error: Code,
  field: string,
  some: Partial<Setup>,
  damage?: Damage,
) => void;

/** Setups that cannot be. */
export function faultyFeatures(out: Collection, source: Source): void {
  const bad: Bad = (id, about, sections, error, field, some, damage = {}) =>
    out.bad(id, about, sections, error, field, coded(some, source(id), []), damage);
  const features = (id: string, about: string, some: Partial<Setup>, bits?: number) =>
    bad(
      id,
      about,
      '4',
      'unsupported_feature',
      'features',
      some,
      bits ? { faults: { features: become(...varint(bits)) } } : {},
    );
  const { CODED, CLASSES, PROFILE, CHANNEL_TRANSFORM, DENSE, ADAPTIVE } = FEATURE;
  features('feature-9-without-coded', 'feature bit 9 needs bit 0', {}, PROFILE | CHANNEL_TRANSFORM);
  features('feature-14-without-coded', 'feature bit 14 needs bit 0', {}, CLASSES | ADAPTIVE);
  features('feature-9-without-profile', 'feature bit 9 needs bit 7', {}, CODED | CHANNEL_TRANSFORM);
  const rows = { layout: 'rows', dims: [4, 6] } as const;
  const some: Partial<Setup> = { ...rows, dims: [...rows.dims] };
  features('feature-14-without-classes', 'feature bit 14 needs bit 2', { ...some, adaptive: true });
  const adaptive: Partial<Setup> = { ...some, adaptive: true, classes: { rows: true }, tables: family(4) };
  features('adaptive-with-segments', 'adaptive classes and segments', { ...adaptive, segmentSize: 6 });
  features('trellis-with-contexts', 'a trellis and contexts', { trellis: true, thresholds: [2], tables: family(4) });
  features('dense-with-classes', 'the dense coder and classes', { dense: true, classes: { channels: [0, 1, 2] } });
  features('dense-with-contexts', 'the dense coder and contexts', { dense: true, thresholds: [2] });
  features(
    'dense-with-adaptive',
    'the dense coder and adaptive classes',
    { ...some, dense: true },
    CODED | DENSE | CLASSES | ADAPTIVE,
  );

  const file = profileOf('features', source('features'), 3, { mean: true, classes: true, coefficients: 3 });
  for (const [domain, type] of [
    ['integer', 'int16'],
    ['float-bits', 'float16'],
  ] as const) {
    const outside = (name: string, more: Partial<Setup>, section: string) =>
      bad(`${name}-${domain}`, `the ${domain} domain`, `4.2 ${section}`, 'corrupt', 'head', { domain, type, ...more });
    outside('transform', { profile: { file }, channelTransform: true }, '15');
    outside('dct', { dct: 'plain' }, '16');
    outside('trellis', { trellis: true }, '17');
    outside('dense-trellis', { trellis: true, dense: true }, '17');
    const mean = { domain, type, profile: { file, mean: true } };
    bad(`mean-${domain}`, `a mean in the ${domain} domain`, '4.3', 'corrupt', 'profileUses', mean);
  }
  for (const lanes of [2, 4, 8, 32] as const) {
    const head = (id: string, more: Partial<Setup>, section: string) =>
      bad(`${id}-lanes-${lanes}`, `${lanes} lanes`, `4.2 ${section}`, 'unsupported_feature', 'head', {
        ...more,
        lanes,
      });
    head('dense', { dense: true }, '18');
    head('adaptive', adaptive, '19.1');
  }
  const planes: Partial<Setup> = { adaptive: true, classes: { rows: true }, tables: family(4), dims: [2, 3, 1, 2] };
  bad(
    'adaptive-planes',
    'adaptive classes and planes of two values',
    '4.2 19.1',
    'unsupported_feature',
    'head',
    planes,
  );

  for (const bit of [1, 2, 3, 4, 5, 6, 7]) {
    const damage = { faults: { dct: become(1 << bit) } };
    bad(`dct-bit-${bit}`, 'a reserved bit', '16', 'unsupported_feature', 'dct', { dct: 'plain' }, damage);
  }
  profiles(out, source, bad);
  given(source, bad, adaptive);
}

function profiles(out: Collection, source: Source, bad: Bad): void {
  const make = (name: string, channels: number, parts: Parameters<typeof profileOf>[3]) => ({
    file: profileOf(name, source(name), channels, parts),
  });
  const whole = make('whole', 3, { mean: true, classes: true, coefficients: 2 });
  const unknown = (id: string, about: string, some: Partial<Setup>, damage: Damage) =>
    bad(id, about, '4.3', 'unknown_profile', 'profile', { profile: whole, ...some }, damage);
  unknown('profile', 'a profile nobody holds', {}, { profiles: [] });
  const other = make('other', 3, { mean: true });
  unknown('profile-other', 'another profile than the one held', {}, { profiles: [other.file] });
  const last = (bytes: number[]) => bytes.map((b, i) => (i === 7 ? b ^ 128 : b));
  unknown('profile-id-last-bit', 'an id that differs in its last bit', {}, { faults: { profile: last } });
  unknown('profile-unknown-bare', 'a setup that names a profile nobody holds', {}, { profiles: [], setupOnly: true });
  out.bad(
    'first-profile-then-uses',
    'a profile nobody holds, and a reserved use',
    '4.3',
    'unknown_profile',
    'profile',
    coded({ profile: whole }, source('first-profile'), []),
    { profiles: [], faults: { profileUses: become(4) }, flags: ['precedence'] },
  );
  const order = (id: string, about: string, error: Code, field: string, some: Partial<Setup>, damage: Damage) =>
    bad(`first-${id}`, about, '2 4 4.3', error, field, some, { ...damage, flags: ['precedence'] });
  const narrow = make('narrow', 4, {});
  order(
    'uses-then-mismatch',
    'a reserved use, and a profile for four channels',
    'unsupported_feature',
    'profileUses',
    { profile: narrow },
    {
      faults: { profileUses: become(4) },
    },
  );
  order(
    'domain-then-mismatch',
    'a mean of integers, from a profile without one',
    'corrupt',
    'profileUses',
    {
      profile: { ...narrow, mean: true },
      domain: 'integer',
      type: 'int16',
    },
    {},
  );
  order(
    'mismatch-then-step',
    'a profile for four channels, and a step of 0',
    'profile_mismatch',
    'profileUses',
    { profile: narrow, step: 0 },
    {},
  );
  order(
    'dct-then-bins',
    'a reserved bit of the DCT, and no bins',
    'unsupported_feature',
    'dct',
    { dct: 'plain' },
    {
      faults: { dct: become(2), bins: become(1, 0) },
    },
  );
  order(
    'bins-then-tables',
    'a stride with a trellis, and an odd number of tables',
    'bad_bins',
    'bins',
    { trellis: true, tables: family(3) },
    {
      faults: { bins: become(1, 1, 0, 64, 2) },
    },
  );
  order(
    'head-then-profile',
    'a DCT of integers, and a profile nobody holds',
    'corrupt',
    'head',
    {
      dct: 'plain',
      profile: narrow,
      domain: 'integer',
      type: 'int16',
    },
    { profiles: [] },
  );
  for (const bit of [2, 3, 4, 5, 6, 7]) {
    const damage = { faults: { profileUses: become(1 << bit) } };
    bad(
      `profile-use-${bit}`,
      'a reserved use',
      '4.3',
      'unsupported_feature',
      'profileUses',
      { profile: whole },
      damage,
    );
  }
  const mismatch = (id: string, about: string, some: Partial<Setup>, damage: Damage = {}) =>
    bad(`profile-mismatch-${id}`, about, '4.3', 'profile_mismatch', 'profileUses', some, damage);
  const four = make('four', 4, { mean: true, classes: true, coefficients: 3 });
  mismatch('channels', 'a profile of four channels for a view of three, for its mean', {
    profile: { ...four, mean: true },
  });
  mismatch('channels-unused', 'a profile of four channels for a view of three, of which nothing is used', {
    profile: four,
  });
  mismatch('channels-transform', 'four channels, three coefficients: as many as the view has channels', {
    profile: four,
    channelTransform: true,
  });
  const none = make('none', 3, {});
  const classes = make('classes', 3, { classes: true });
  const transform = make('transform', 3, { mean: true, coefficients: 3 });
  mismatch('mean', 'a profile without a mean', { profile: { ...classes, mean: true } });
  mismatch('classes', 'a profile without classes', { profile: { ...none, classes: true } });
  mismatch('classes-of-transform', 'classes of coefficients alone, without the channel transform', {
    profile: { ...transform, classes: true },
  });
  const needs = (id: string, about: string, profile: Setup['profile'], bits: number) =>
    mismatch(id, about, { profile }, { faults: { features: become(...varint(bits)) } });
  const bits = FEATURE.CODED | FEATURE.PROFILE | FEATURE.CHANNEL_TRANSFORM;
  needs('transform', 'a profile without a transform', none, bits);
  needs('transform-classes', 'classes of channels, and no transform', { ...classes, classes: true }, bits);
}

/** Classes of channels that come from elsewhere leave the field no channels of its own. */
function given(source: Source, bad: Bad, adaptive: Partial<Setup>): void {
  const rows: Partial<Setup> = { ...adaptive, dims: [4, 3] };
  const file = profileOf('given', source('given'), 3, { classes: true });
  const used: Partial<Setup> = { profile: { file, classes: true }, tables: family(4) };
  for (const [name, some, section] of [
    ['adaptive', rows, '19.1'],
    ['profile', used, '4.3'],
  ] as const) {
    const flags = (n: number, classes: Setup['classes'], damage: Damage = {}) =>
      bad(
        `${name}-class-flags-${n}`,
        'classes of channels here, too',
        `9.1 ${section}`,
        'unsupported_feature',
        'classes',
        { ...some, classes },
        damage,
      );
    flags(2, { channels: [0, 1, 2] });
    flags(3, { rows: true, channels: [0, 1, 2] });
    bad(
      `${name}-class-flags-0`,
      'neither rows nor channels',
      `9.1 ${section}`,
      'unsupported_feature',
      'classes',
      { ...some, classes: { rows: true } },
      {
        faults: { classes: become(0) },
      },
    );
  }
  bad(
    'adaptive-profile-classes',
    'adaptive classes, and those of a profile',
    '4.3 19.1',
    'unsupported_feature',
    'profileUses',
    {
      ...rows,
      profile: { file, classes: true },
    },
  );
  bad(
    'dense-profile-classes',
    'the dense coder, and classes of a profile',
    '4.3 18',
    'unsupported_feature',
    'profileUses',
    {
      dense: true,
      profile: { file, classes: true },
    },
  );
}
