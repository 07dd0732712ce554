// A token at a time: a row of 576 values as a bare body, in this process.
import { StreamDecoder, StreamEncoder } from 'slicer-codec';

const TOKENS = 200;
const VALUES = 576;

/** A function that codes one token many times and gives the nanoseconds of one, copies in and out included. */
export function tokenRounds() {
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

/** The best of many rounds. */
export function best(rounds) {
  const smallest = (name) => Math.min(...rounds.map((round) => round[name] ?? Number.NaN));
  return { encode: smallest('encode'), decode: smallest('decode'), int8: smallest('int8'), bytes: rounds[0].bytes };
}
