/** Lanes, segments, contexts with every kind of end (§ 5.2, § 12). */
import { type Bins, bin } from '../bins.ts';
import type { Collection, Notes } from '../collection.ts';
import { setupOf } from '../model.ts';
import { coded, family, inlineFor, SMALL, type Source, UNITS } from '../samples.ts';
import { LANES } from '../valid/coder.ts';

const RARE: Notes = { drawer: 'legal-but-rare' };

/** Numbers of values that fill the lanes exactly, by one more, by one less. */
export function rareCoder(out: Collection, source: Source): void {
  for (const lanes of LANES.slice(1)) {
    for (const [name, n] of [
      ['1', 1],
      ['l-minus-1', lanes - 1],
      ['l', lanes],
      ['2l-minus-1', 2 * lanes - 1],
      ['3l-plus-1', 3 * lanes + 1],
      ['16l', 16 * lanes],
    ] as const) {
      const random = source(`tail ${lanes} ${name}`);
      const [s, b] = coded({ lanes, dims: [n], layout: 'rows', bins: n % 2 ? UNITS : SMALL }, random);
      const id = `tail-lanes-${lanes}-n-${name}`;
      if (lanes === 2 && name === 'l-minus-1') continue;
      out.good(id, `${n} values in ${lanes} lanes`, '12.1 12.4', s, b, RARE);
    }
    for (const [name, planes] of [
      ['1', 1],
      ['l-minus-1', lanes - 1],
      ['l', lanes],
      ['l-plus-1', lanes + 1],
      ['2l', 2 * lanes],
    ] as const) {
      if (lanes === 2 && name === 'l-minus-1') continue;
      const random = source(`planes ${lanes} ${name}`);
      const bins = planes % 2 ? SMALL : UNITS;
      const dims = [1, planes, 2, 3];
      const [s, b] = coded({ lanes, dims, bins, thresholds: [1, 2, 5], tables: family(4, 1, 4, 5) }, random);
      out.good(
        `tail-contexts-lanes-${lanes}-planes-${name}`,
        `${planes} planes in ${lanes} lanes`,
        '9.2 12.1 12.4',
        s,
        b,
        RARE,
      );
    }
  }
  shapes(out, source);
  classes(out, source);
  states(out, source);
}

function shapes(out: Collection, source: Source): void {
  const contexts = { thresholds: [1, 2], tables: family(3, 0, 4, 8) };
  for (const [name, dims] of [
    ['1x1', [2, 5, 1, 1]],
    ['1x9', [2, 5, 1, 9]],
    ['9x1', [2, 5, 9, 1]],
  ] as const) {
    for (const lanes of [1, 4] as const) {
      const id = `contexts-plane-${name}-lanes-${lanes}`;
      const [s, b] = coded({ ...contexts, lanes, dims: [...dims] }, source(id));
      out.good(id, `contexts in planes of ${name}`, '9.2', s, b, RARE);
    }
  }
  for (const [name, size] of [
    ['1', 1],
    ['all', 6],
    ['beyond', 4294967295],
  ] as const) {
    for (const lanes of [1, 32] as const) {
      const id = `segment-size-${name}-lanes-${lanes}`;
      const [s, b] = coded({ segmentSize: size, lanes }, source(id));
      out.good(id, `segments of ${size} plane(s)`, '5.2', s, b, RARE);
    }
  }
  const [s, b] = coded({ segmentSize: 5, lanes: 4, ...contexts, dims: [3, 7, 3, 3] }, source('segments contexts'));
  const classes = { rows: true, channels: [0, 1, 2, 3, 4, 5, 6] };
  const all = { ...s, classes, tables: family(24, 1, 0, 2) };
  const about = 'segments across rows, with classes and contexts, 21 planes by 5 in 4 lanes';
  out.good('segments-across-rows', about, '5.2 9 12', all, { ...b, rowClasses: [0, -3, 2] }, RARE);
}

/** Classes across segments, and more values than a decoder may care to hold in one block. */
function classes(out: Collection, source: Source): void {
  for (const lanes of LANES) {
    for (const [name, dims, segmentSize] of [
      ['segments', [3, 5, 4, 4], 4],
      ['large', [3, 7, 17, 19], undefined],
      ['large-segments', [3, 7, 17, 19], 16],
    ] as const) {
      const id = `classes-${name}-lanes-${lanes}`;
      const channels = dims[1] === 5 ? [0, 3, 1, -2, 6] : [0, 3, 1, -2, 6, 2, 4];
      const some = { lanes, dims: [...dims], segmentSize, bins: UNITS, tables: family(8, 1, 2, 3) };
      const [s, b] = coded({ ...some, classes: { rows: true, channels } }, source(id));
      out.good(
        id,
        'classes of rows and channels across segments',
        '5.2 9.1 12',
        s,
        { ...b, rowClasses: [0, 2, 1] },
        RARE,
      );
    }
  }
}

function states(out: Collection, source: Source): void {
  const random = source('states');
  const one = setupOf({ type: 'int8', dims: [1], domain: 'integer', bins: UNITS, tables: family(1) });
  for (const level of [0, 7])
    out.good(`one-value-${level}`, 'one value: a state, no words', '12.3', one, { levels: [level] }, RARE);
  out.good(
    'one-value-wide-state',
    'four bytes of state where three would do',
    '12.3',
    one,
    { levels: [0], unusual: { wide: true } },
    {
      ...RARE,
      flags: ['non-canonical'],
    },
  );
  // The number of words and so the width of the state vary with n: odd and even lengths, with and without words.
  for (let n = 2; n <= 9; n++) {
    const levels = random.list(n, () => random.between(-7, 7));
    out.good(`one-lane-n-${n}`, `${n} values, the state runs empty`, '12.3', { ...one, dims: [n] }, { levels }, RARE);
  }
  const single: Bins = { kind: 'list', bins: [bin(5)] };
  const flat: Bins = { kind: 'list', bins: [bin(-8, 4)] };
  for (const lanes of LANES) {
    const levels = Array<number>(70).fill(5);
    const s = { ...one, lanes, dims: [7, 10] };
    out.good(`one-token-lanes-${lanes}`, 'one token of one level', '12.2', { ...s, bins: single }, { levels }, RARE);
    const four = random.list(70, () => random.between(-8, 7));
    out.good(
      `one-token-offsets-lanes-${lanes}`,
      'one token, all in the offsets',
      '12.3 12.4',
      { ...s, bins: flat },
      { levels: four },
      RARE,
    );
    if (lanes === 1) continue;
    const none = random.list(70, () => random.between(-3, 3));
    const unused = { ...s, bins: SMALL, tables: inlineFor(SMALL, none, random) };
    out.good(
      `no-offsets-used-lanes-${lanes}`,
      'bins with offset bits that no value uses: an empty section',
      '12.4',
      unused,
      { levels: none },
      RARE,
    );
  }
  // One stream of the four gets all the words: rare tokens fall on its lanes only.
  const uneven = Array.from({ length: 320 }, (_, i) => (i % 32 >= 8 && i % 32 < 16 ? ((i * 5) % 15) - 7 : 0));
  const wide = {
    ...one,
    lanes: 32 as const,
    dims: [320],
    tables: inlineFor(UNITS, [...Array(3000).fill(0), ...uneven], random),
  };
  out.good('streams-uneven', 'four streams of very different lengths', '12.4', wide, { levels: uneven }, RARE);
}
