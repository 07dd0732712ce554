/**
 * The decoder as JavaScript functions: `decode(frame)` and `openStream(setup).decode(body)` return { type, dims, bytes }
 * or throw an Error with `code` (a name of § 14.1) and `offset`.
 */

import { readFileSync } from 'node:fs';
import loader from '@assemblyscript/loader';

const TYPES = ['float32', 'float16', 'bfloat16', 'int8', 'uint8', 'int16', 'int32'];
const DEFAULT_MAX_BYTES = 2 ** 28;
const MAX_INPUT = 2 ** 29;

const module = new WebAssembly.Module(readFileSync(new URL('./dist/decoder.wasm', import.meta.url)));

function instance() {
  const { exports } = loader.instantiateSync(module, {});
  const id = exports.UINT8ARRAY_ID.value ?? exports.UINT8ARRAY_ID;

  /** Calls a function of the decoder with bytes and further arguments. */
  function call(name, bytes, ...rest) {
    if (bytes.length > MAX_INPUT) throw error('limit_exceeded', 0);
    const pointer = exports.__pin(exports.__newArray(id, bytes));
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

  return { call, result };
}

function error(code, offset) {
  return Object.assign(new Error(`${code} at byte ${offset}`), { code, offset });
}

let shared;

export function decode(bytes, maxBytes = DEFAULT_MAX_BYTES) {
  shared ??= instance();
  shared.call('decode', bytes, Math.min(maxBytes, DEFAULT_MAX_BYTES));
  return shared.result();
}

export function openStream(setup) {
  const own = instance();
  own.call('openStream', setup);
  return {
    decode(body, maxBytes = DEFAULT_MAX_BYTES) {
      own.call('decodeBody', body, Math.min(maxBytes, DEFAULT_MAX_BYTES));
      return own.result();
    },
  };
}
