/** Bodies of a language model's hidden states: the bytes that `examples/llm` sends, written from their levels alone. */
import type { Collection } from '../collection.ts';
import { type Body, type Setup, setupOf } from '../model.ts';
import { family } from '../samples.ts';
import { StreamMaker } from '../streams.ts';
import { H8, H15, type Rows } from './language-levels.ts';

const WIDTH = 576;
/** The most rows of a prompt there. */
const MOST_ROWS = 2048;

function bodyOf(rows: Rows): Body {
  const levels = rows.flatMap((row) => row.levels.split(' ').map(Number));
  if (levels.length !== rows.length * WIDTH) throw new Error(`${levels.length} levels in ${rows.length} rows`);
  return { rows: rows.length, rowClasses: rows.map((row) => row.class), levels };
}

/** Streams. */
export function languageVectors(out: Collection): void {
  const setup = (step: number, tables: number, some: Partial<Setup> = {}) =>
    setupOf({
      type: 'float32',
      dims: [MOST_ROWS, WIDTH],
      step,
      variableRows: true,
      adaptive: true,
      classes: { rows: true },
      bins: { kind: 'uniform', positive: 15, escapes: 30, firstBits: 0 },
      tables: family(tables, 1, 0, 1),
      ...some,
    });
  const [prompt, fourth, fifth, sixth, sixthAnew, seventh] = H8.map(bodyOf);
  new StreamMaker(setup(2, 96, { trellis: true }))
    .body(prompt)
    .body(fourth)
    .snapshot('four')
    .body(fifth)
    .body(sixth)
    .restore('four')
    .body(fifth)
    .lost(sixth)
    .body({ ...sixthAnew, reset: true })
    .body(seventh)
    .done(
      out,
      'stream-language-8',
      'hidden states of a language model, with a trellis, a way back and a loss',
      '17 19.1',
    );
  const [start, third, next, lost, anew, last] = H15.map(bodyOf);
  new StreamMaker(setup(3, 48))
    .body(start)
    .body(third)
    .body(next)
    .lost(lost)
    .body({ ...anew, reset: true })
    .body(last)
    .done(out, 'stream-language-15', 'the same of a deeper block, whose token 0 is far louder, and a loss', '19.1');
}
