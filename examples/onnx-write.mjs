// ONNX models written field by field, for examples that need one and no more than one.

/** The bytes of a model: nodes and weights as made below, inputs and outputs as `{ name: [type, dims] }`. */
export function writeModel({ nodes, weights = [], inputs, outputs, opset = 17 }) {
  const values = (id, table) => Object.entries(table).map(([name, [type, dims]]) => field(id, value(name, type, dims)));
  const graph = message([
    ...nodes.map((bytes) => field(1, bytes)),
    field(2, text('example')),
    ...weights.map((bytes) => field(5, bytes)),
    ...values(11, inputs),
    ...values(12, outputs),
  ]);
  return message([number(1, 8), field(7, graph), field(8, message([field(1, text('')), number(2, opset)]))]);
}

/** A node with one output; attributes are whole numbers and lists of them. */
export function node(op, inputs, output, attributes = {}) {
  return message([
    ...inputs.map((name) => field(1, text(name))),
    field(2, text(output)),
    field(4, text(op)),
    ...Object.entries(attributes).map(([name, list]) => field(5, attribute(name, list))),
  ]);
}

function attribute(name, value) {
  if (!Array.isArray(value)) return message([field(1, text(name)), number(3, value), number(20, 2)]);
  return message([field(1, text(name)), ...value.map((i) => number(8, i)), number(20, 7)]);
}

const TYPES = { float32: 1, int8: 3, int64: 7 };

/** A weight of the given values: a Float32Array, an Int8Array or a BigInt64Array. */
export function weight(name, dims, data) {
  const type = data instanceof Float32Array ? 1 : data instanceof Int8Array ? 3 : 7;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message([...dims.map((d) => number(1, d)), number(2, type), field(8, text(name)), field(9, bytes)]);
}

/** Pseudo-random numbers from 0 to 1, the same ones for the same seed. */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

function value(name, type, dims) {
  const shape = dims.map((d) => field(1, typeof d === 'number' ? number(1, d) : field(2, text(d))));
  const tensor = message([number(1, TYPES[type]), field(2, message(shape))]);
  return message([field(1, text(name)), field(2, message([field(1, tensor)]))]);
}

const text = (string) => new TextEncoder().encode(string);
const message = (fields) => Uint8Array.from(fields.flatMap((bytes) => [...bytes]));
const field = (id, bytes) => Uint8Array.from([...varint(id * 8 + 2), ...varint(bytes.length), ...bytes]);
const number = (id, n) => Uint8Array.from([...varint(id * 8), ...varint(n)]);
const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)]);
