/** The entropy coder (§ 12), writing. */
import type { Bin } from './bins.ts';
import { BitWriter, type Writer } from './bytes.ts';

/** One segment, ready to be coded: all arrays in scan order. */
export interface Segment {
  bins: readonly Bin[];
  frequencies: readonly (readonly number[])[];
  precision: number;
  lanes: number;
  tokens: readonly number[];
  offsets: readonly number[];
  /** Table of every value. */
  tables: readonly number[];
  unusual?: Unusual;
  /** Values in a plane, if contexts are in use: lanes then own planes. */
  planeSize?: number;
}

/** States that no ordinary encoder leaves, in a stream that a careless decoder would still follow to its end. */
export interface Unusual {
  /** One lane: the state in four bytes where three would do. */
  wide?: boolean;
  /** Final state of the (first) lane. */
  end?: number;
  /** Initial state of the (first) lane: 2^31 or more, or below 2^15. */
  first?: 'overfull' | 'underfull';
}

const LOWER = 2 ** 15;

interface State {
  x: number;
  words: number[];
}

/** Undoes one step `x = f · ⌊x / 2^p⌋ + slot − start` and the word that may follow it. */
function push(state: State, f: number, start: number, precision: number, first?: Unusual['first']): void {
  if (first === 'underfull' || (first === undefined && state.x >= f * 2 ** (31 - precision))) {
    state.words.push(state.x & 0xffff);
    state.x = Math.floor(state.x / 65536);
  }
  state.x = Math.floor(state.x / f) * 2 ** precision + (state.x % f) + start;
  const right = first === 'underfull' ? state.x < LOWER : first ? state.x >= 2 ** 31 && state.x < 2 ** 32 : true;
  if (!right) throw new RangeError(`the initial state does not get ${first} with these values`);
}

/** Values in decoding order: their indices in scan order, and their lanes (§ 12.1). */
export interface Order {
  index: Uint32Array;
  lane: Uint8Array;
}

/** Who decodes what, and when. */
export function decodingOrder(count: number, lanes: number, planeSize?: number): Order {
  const index = new Uint32Array(count).map((_, i) => i);
  if (planeSize === undefined) return { index, lane: new Uint8Array(count).map((_, i) => i % lanes) };
  const lane = new Uint8Array(count);
  let next = 0;
  const planes = count / planeSize;
  for (let first = 0; first < planes; first += lanes) {
    const here = Math.min(lanes, planes - first);
    for (let position = 0; position < planeSize; position++) {
      for (let l = 0; l < here; l++) {
        index[next] = (first + l) * planeSize + position;
        lane[next] = l;
        next += 1;
      }
    }
  }
  return { index, lane };
}

/** Writes a segment; its parts are fields `name.state`, `.lengths`, `.states`, `.words`, `.offsets`. */
export function writeSegment(w: Writer, name: string, s: Segment): void {
  const starts = s.frequencies.map((f) => f.map((_, t) => f.slice(0, t).reduce((a, b) => a + b, 0)));
  const put = (state: State, i: number) => {
    const f = s.frequencies[s.tables[i]][s.tokens[i]];
    if (f === 0) throw new Error(`token ${s.tokens[i]} cannot occur in table ${s.tables[i]}`);
    push(state, f, starts[s.tables[i]][s.tokens[i]], s.precision, i === 0 ? s.unusual?.first : undefined);
  };
  const order = decodingOrder(s.tokens.length, s.lanes, s.planeSize);
  if (s.lanes === 1) oneLane(w, name, s, order, put);
  else severalLanes(w, name, s, order, put);
}

function oneLane(w: Writer, name: string, s: Segment, order: Order, put: (x: State, i: number) => void) {
  const state: State = { x: s.unusual?.end ?? 1, words: [] };
  for (let i = order.index.length - 1; i >= 0; i--) {
    const index = order.index[i];
    for (const [value, width] of chunks(s.offsets[index], s.bins[s.tokens[index]].bits).reverse()) {
      push(state, 1, value, width);
    }
    put(state, index);
  }
  const four = s.unusual?.wide || state.x >= 2 ** 24;
  w.field(`${name}.state`, () => w.raw(little(state.x, four ? 4 : 3)));
  w.field(`${name}.words`, () => w.raw(state.words.reverse().flatMap((word) => little(word, 2))));
}

/** An offset in chunks of at most 15 bits, low bits first: [value, width]. */
function chunks(offset: number, bits: number): [number, number][] {
  const out: [number, number][] = [];
  let rest = offset;
  for (let left = bits; left > 0; left -= 15) {
    const width = Math.min(15, left);
    out.push([rest % 2 ** width, width]);
    rest = Math.floor(rest / 2 ** width);
  }
  return out;
}

function severalLanes(w: Writer, name: string, s: Segment, order: Order, put: (x: State, i: number) => void) {
  const width = Math.min(s.lanes, 8);
  const streams = s.lanes / width;
  const words: number[][] = Array.from({ length: streams }, () => []);
  const states: State[] = Array.from({ length: s.lanes }, (_, lane) => ({
    x: lane === 0 ? (s.unusual?.end ?? LOWER) : LOWER,
    words: words[Math.floor(lane / width)],
  }));
  for (let i = order.index.length - 1; i >= 0; i--) put(states[order.lane[i]], order.index[i]);
  const parts = words.map((list, i) => ({
    states: states.slice(i * width, (i + 1) * width).flatMap(({ x }) => little(x, 4)),
    words: list.reverse().flatMap((word) => little(word, 2)),
  }));
  const offsets = s.bins.some((b) => b.bits > 0);
  const listed = offsets ? parts : parts.slice(0, -1);
  w.field(`${name}.lengths`, () => {
    for (const part of listed) w.varint(part.states.length + part.words.length);
  });
  parts.forEach((part, i) => {
    const prefix = streams > 1 ? `${name}.${i}` : name;
    w.field(`${prefix}.states`, () => w.raw(part.states));
    w.field(`${prefix}.words`, () => w.raw(part.words));
  });
  if (!offsets) return;
  const bits = new BitWriter();
  s.tokens.forEach((token, i) => {
    bits.bits(s.offsets[i], s.bins[token].bits);
  });
  w.field(`${name}.offsets`, () => w.raw(bits.bytes));
}

function little(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * i)) & 0xff);
}
