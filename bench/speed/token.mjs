// A token at a time: a row of 576 values as a bare body, in this process.
import { StreamDecoder, StreamEncoder } from 'slicer-codec';
import { digits, must, table } from '../rate/report.mjs';

const TOKENS = 200;
const VALUES = 576;

/** A function that codes one token many times and gives the nanoseconds of one, copies in and out included. */
function tokenRounds() {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24 - 0.5;
  };
  const values = Float32Array.from({ length: VALUES }, () => 1.7 * (uniform() + uniform() + uniform() + uniform()));
  const encoder = new StreamEncoder({ type: 'float32', dims: [1, VALUES], step: 0.35 });
  const decoder = new StreamDecoder(encoder.setup);
  const body = new Uint8Array(4 * VALUES);
  const back = new Float32Array(VALUES);
  const time = (action) => {
    const start = process.cpuUsage();
    for (let i = 0; i < TOKENS; i++) action();
    const { user, system } = process.cpuUsage(start);
    return (1000 * (user + system)) / TOKENS;
  };
  return () => {
    let length = 0;
    const encode = time(() => {
      length = encoder.encodeInto(values, body);
    });
    const decode = time(() => decoder.decodeInto(body.subarray(0, length), back));
    return { values: VALUES, bytes: length, encode, decode };
  };
}

/** A token both ways, native and WASM in turn: `{ token, musts, markdown }`. */
export async function tokenStudy(native, rounds) {
  const wasm = tokenRounds();
  const times = { native: [], wasm: [] };
  for (let i = 0; i < rounds; i++) {
    times.native.push(await native.ask('token'));
    times.wasm.push(wasm());
  }
  const token = { native: best(times.native), wasm: best(times.wasm) };
  const both = (t) => (t.encode + t.decode) / 1000;
  const musts = [
    must('a token of 576 values, native, microseconds both ways', both(token.native), '<= 2.5'),
    must('a token of 576 values, WASM with copies, microseconds both ways', both(token.wasm), '<= 5'),
  ];
  const rows = Object.entries(token).map(([host, t]) => [
    host,
    t.bytes,
    digits(t.encode / 1000, 2),
    digits(t.decode / 1000, 2),
  ]);
  rows.push(['int8 absmax, native, both ways', VALUES + 4, digits(token.native.int8 / 1000, 2), '']);
  return { token, musts, markdown: table(['host', 'bytes', 'encode µs', 'decode µs'], rows) };
}

/** The best of many rounds. */
function best(rounds) {
  const smallest = (name) => Math.min(...rounds.map((round) => round[name] ?? Number.NaN));
  return { encode: smallest('encode'), decode: smallest('decode'), int8: smallest('int8'), bytes: rounds[0].bytes };
}
