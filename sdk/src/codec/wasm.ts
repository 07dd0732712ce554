/**
 * Start and restart of the WASM module. Nothing happens at import: the module is compiled at the first call,
 * synchronously, or by `init()`. It is instantiated here rather than by the generated glue because that keeps one
 * instance for ever, while a trap must be followed by a fresh one, and because the glue names an asset URL.
 */
import { SlicerError } from './errors.js';

/** What the façade exports. The encoder's functions are absent from decoder-only builds. */
export interface WasmExports {
  readonly memory: WebAssembly.Memory;
  readonly __wbindgen_start: () => void;
  readonly codec_new: () => number;
  readonly codec_free: (handle: number) => void;
  readonly slots: (handle: number) => number;
  readonly input: (handle: number, length: number) => number;
  readonly output: (handle: number) => number;
  readonly output_len: (handle: number) => number;
  readonly entries: (handle: number) => number;
  readonly entries_len: (handle: number) => number;
  readonly decode: (handle: number) => number;
  readonly inspect: (handle: number) => number;
  readonly stream_open: (handle: number) => number;
  readonly stream_decode: (handle: number) => number;
  readonly encode?: (handle: number) => number;
  readonly stream_setup?: (handle: number) => number;
  readonly stream_encode?: (handle: number) => number;
  readonly profile_add: (handle: number) => number;
  readonly stream_state: (handle: number) => number;
  readonly stream_restore: (handle: number) => number;
}

/** Both builds as base64, for entries that carry their WASM. */
export interface InlineWasm {
  readonly scalar: string;
  readonly simd: string;
}

/** Where the WASM may come from: compiled, as bytes, or to be fetched. */
export type WasmSource =
  | WebAssembly.Module
  | ArrayBuffer
  | ArrayBufferView
  | Response
  | URL
  | string
  | Promise<WebAssembly.Module | ArrayBuffer | ArrayBufferView | Response>;

/** (module (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt)): valid only where SIMD128 is. */
const SIMD_PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
];

/** Whether this host runs the SIMD128 build. */
export function supportsSimd(): boolean {
  return WebAssembly.validate(new Uint8Array(SIMD_PROBE));
}

/** One module and its current instance. */
export class Engine {
  /** Grows by one at each new instance, so that handles of a dead one are recognised. */
  generation = 0;
  private module: WebAssembly.Module | undefined;
  private live: WasmExports | undefined;
  private starting: Promise<void> | undefined;
  private heap = new Uint8Array(0);
  private doubles = new Float64Array(0);
  private floats = new Float32Array(0);

  constructor(private readonly source?: InlineWasm | WebAssembly.Module) {}

  /** Compiles and instantiates without blocking. Calling it twice is harmless; a given source wins over a built-in one. */
  async init(source?: WasmSource): Promise<void> {
    if (source === undefined) {
      if (this.module) return;
      this.starting ??= this.prepare(this.source).finally(() => {
        this.starting = undefined;
      });
      return this.starting;
    }
    await this.prepare(source);
  }

  private async prepare(source: WasmSource | InlineWasm | undefined): Promise<void> {
    if (source === undefined) throw noSource();
    const module = await compile(isInline(source) ? decodeBase64(pick(source)) : source);
    this.module = module;
    this.start(await WebAssembly.instantiate(module, IMPORTS));
  }

  /** The exports of a running instance; starts one if need be. */
  exports(): WasmExports {
    return this.live ?? this.startSync();
  }

  private startSync(): WasmExports {
    if (!this.module) {
      if (this.source === undefined) throw noSource();
      this.module = isInline(this.source) ? new WebAssembly.Module(decodeBase64(pick(this.source))) : this.source;
    }
    return this.start(new WebAssembly.Instance(this.module, IMPORTS));
  }

  private start(instance: WebAssembly.Instance): WasmExports {
    const live = instance.exports as unknown as WasmExports;
    this.live = live;
    this.generation++;
    live.__wbindgen_start();
    return live;
  }

  /** All memory as bytes; valid until the next call into WASM. */
  bytes(): Uint8Array {
    const { buffer } = this.exports().memory;
    if (this.heap.buffer !== buffer) this.heap = new Uint8Array(buffer);
    return this.heap;
  }

  /** All memory as doubles; valid until the next call into WASM. */
  f64(): Float64Array {
    const { buffer } = this.exports().memory;
    if (this.doubles.buffer !== buffer) this.doubles = new Float64Array(buffer);
    return this.doubles;
  }

  /** All memory as floats; valid until the next call into WASM. */
  f32(): Float32Array {
    const { buffer } = this.exports().memory;
    if (this.floats.buffer !== buffer) this.floats = new Float32Array(buffer);
    return this.floats;
  }

  /** Drops the instance after a trap: its memory may be in any state. The next call starts a new one. */
  failed(error: unknown): SlicerError {
    if (error instanceof SlicerError) return error;
    this.live = undefined;
    // Handles of the dead instance must not be freed in the next one.
    this.generation++;
    return new SlicerError('internal', `The WASM module stopped: ${String(error)}`, { cause: error });
  }
}

function isInline(source: unknown): source is InlineWasm {
  return typeof source === 'object' && source !== null && 'scalar' in source && 'simd' in source;
}

function pick(source: InlineWasm): string {
  return supportsSimd() ? source.simd : source.scalar;
}

function noSource(): SlicerError {
  return new SlicerError('invalid_option', 'This entry point carries no WASM.', {
    advice:
      "Await init(source) first, with the bytes, URL or compiled module of 'slicer-codec/simd.wasm' or 'scalar.wasm'.",
  });
}

async function compile(given: WasmSource | Uint8Array): Promise<WebAssembly.Module> {
  let source = await given;
  if (typeof source === 'string' || (typeof URL === 'function' && source instanceof URL)) source = await fetch(source);
  if (source instanceof WebAssembly.Module) return source;
  if (typeof Response === 'function' && source instanceof Response) {
    if (!source.ok) throw new SlicerError('io_error', `Fetching ${source.url} gave status ${source.status}.`);
    // Not compileStreaming: it insists on a MIME type that many servers do not send.
    source = await source.arrayBuffer();
  }
  return WebAssembly.compile(source as BufferSource);
}

/** The one import of a wasm-bindgen module. It would fill a table of JavaScript values; only numbers pass here, so none is read. */
const IMPORTS: WebAssembly.Imports = { './slicer_wasm_bg.js': { __wbindgen_init_externref_table: () => {} } };

/** A plain loop: `Uint8Array.from(text, fn)` takes many times longer. */
function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}
