/**
 * The decoder as JavaScript functions: `decode(frame)` and `openStream(setup).decode(body)` return { type, dims, bytes }
 * or throw an Error with `code` (a name of § 14.1) and `offset`. Options: `maxBytes`, and `profiles`, an array of files.
 */

import { readFileSync } from 'node:fs';
import loader from '@assemblyscript/loader';

const TYPES = ['float32', 'float16', 'bfloat16', 'int8', 'uint8', 'int16', 'int32'];
const DEFAULT_MAX_BYTES = 2 ** 28;
const MAX_INPUT = 2 ** 29;

/** The compiled decoder; another build of it where a program asks for one. */
let module;

/** Takes another build than `dist/decoder.wasm`, as bytes. */
export function use(wasm) {
  module = new WebAssembly.Module(wasm);
  shared = undefined;
}

function instance() {
  module ??= new WebAssembly.Module(readFileSync(new URL('./dist/decoder.wasm', import.meta.url)));
  const { exports } = loader.instantiateSync(module, {});
  const id = (name) => exports[name].value ?? exports[name];

  /** Calls a function of the decoder with bytes and further arguments. */
  function call(name, bytes, ...rest) {
    if (bytes.length > MAX_INPUT) throw error('limit_exceeded', 0);
    const pointer = exports.__pin(exports.__newArray(id('UINT8ARRAY_ID'), bytes));
    const status = exports[name](pointer, ...rest);
    exports.__unpin(pointer);
    if (status !== 0) {
      const code = status < 0 ? 'no setup' : exports.__getString(exports.errorCode(status));
      exports.__collect();
      throw error(code, exports.errorOffset() >>> 0);
    }
  }

  function result() {
    const [type, rank, ...dims] = exports.__getUint32Array(exports.resultShape());
    const tensor = {
      type: TYPES[type],
      dims: dims.slice(0, rank),
      bytes: exports.__getUint8Array(exports.resultBytes()),
    };
    exports.__collect();
    return tensor;
  }

  /** Holds these profiles and no others. */
  function hold(profiles = []) {
    exports.forgetProfiles();
    for (const profile of profiles) call('addProfile', profile);
  }

  const snapshot = () => exports.__getInt32Array(exports.snapshot());
  const restore = (state) => exports.restore(exports.__newArray(id('INT32ARRAY_ID'), state));
  return { call, result, hold, snapshot, restore, reset: exports.reset };
}

function cap({ maxBytes = DEFAULT_MAX_BYTES } = {}) {
  return Math.min(maxBytes, DEFAULT_MAX_BYTES);
}

function error(code, offset) {
  return Object.assign(new Error(`${code} at byte ${offset}`), { code, offset });
}

let shared;

export function decode(bytes, options) {
  shared ??= instance();
  shared.hold(options?.profiles);
  shared.call('decode', bytes, cap(options));
  return shared.result();
}

export function openStream(setup, options) {
  const own = instance();
  own.hold(options?.profiles);
  own.call('openStream', setup);
  return {
    decode(body, bodyOptions = options) {
      own.call('decodeBody', body, cap(bodyOptions));
      return own.result();
    },
    /** § 19.1: the state, going back to one, and that of a new decoder. */
    snapshot: own.snapshot,
    restore: own.restore,
    reset: own.reset,
  };
}
