/** The codec as one object over one WASM module; the package's entry points differ only in where that comes from. */
import { Decoder, StreamDecoder } from './decode.js';
import { Encoder } from './encode.js';
import { inspectWith } from './inspect.js';
import { StreamEncoder } from './stream.js';
import type {
  DecodedTensor,
  DecodeOptions,
  EncodeOptions,
  EncodeResult,
  FrameInfo,
  StreamOptions,
  Tensor,
} from './types.js';
import { Engine, type InlineWasm, type WasmSource } from './wasm.js';

/** A codec with a WASM instance of its own. */
export interface Codec {
  /** Encodes one tensor. Starts the WASM module at the first call. */
  encode(tensor: Tensor, options: EncodeOptions): EncodeResult;
  /** Decodes one standalone frame. */
  decode(bytes: Uint8Array | ArrayBuffer, options?: DecodeOptions): DecodedTensor;
  /** Every field of a standalone frame and the bytes of every section. */
  inspect(bytes: Uint8Array | ArrayBuffer, options?: DecodeOptions): FrameInfo;
  /** Starts the module without blocking, from the given source if there is one. Optional where WASM is built in. */
  init(source?: WasmSource): Promise<void>;
  /** A reusable encoder of this codec. */
  readonly Encoder: {
    /** Makes an encoder; its buffers grow with the first calls. */
    new (): Encoder;
  };
  /** A reusable decoder of this codec. */
  readonly Decoder: {
    /** Makes a decoder; its buffers grow with the first calls. */
    new (): Decoder;
  };
  /** An encoder of bare bodies under one setup. */
  readonly StreamEncoder: {
    /** Opens a stream; `setup` is there at once. Throws a SlicerError for options that make no stream. */
    new (options: StreamOptions): StreamEncoder;
  };
  /** A decoder of bare bodies, from the bytes of their setup. */
  readonly StreamDecoder: {
    /** Opens a stream from the bytes of its setup. Throws a SlicerError for bytes that are none, or for a profile it lacks. */
    new (setup: Uint8Array | ArrayBuffer, options?: DecodeOptions): StreamDecoder;
  };
}

/** Makes a codec of its own. Without a source, `init(source)` must be awaited before anything else. */
export function createCodec(source?: InlineWasm | WebAssembly.Module): Codec {
  const engine = new Engine(source);
  let encoder: Encoder | undefined;
  let decoder: Decoder | undefined;
  // A decoder keeps the profiles it was given; calls that bring others, or none, must not find them.
  let informed: { decoder: Decoder; profiles: readonly Uint8Array[] } | undefined;
  return {
    encode(tensor, options) {
      encoder ??= new Encoder(engine);
      return encoder.encode(tensor, options);
    },
    decode(bytes, options) {
      const { profiles = [] } = options ?? {};
      if (profiles.length > 0) {
        if (!informed || !sameItems(informed.profiles, profiles)) {
          informed?.decoder.free();
          informed = { decoder: new Decoder(engine), profiles: [...profiles] };
        }
        return informed.decoder.decode(bytes, options);
      }
      decoder ??= new Decoder(engine);
      return decoder.decode(bytes, options);
    },
    inspect: (bytes, options) => inspectWith(engine, bytes, options),
    init: (from) => engine.init(from),
    Encoder: class extends Encoder {
      constructor() {
        super(engine);
      }
    },
    Decoder: class extends Decoder {
      constructor() {
        super(engine);
      }
    },
    StreamEncoder: class extends StreamEncoder {
      constructor(options: StreamOptions) {
        super(engine, options);
      }
    },
    StreamDecoder: class extends StreamDecoder {
      constructor(setup: Uint8Array | ArrayBuffer, options?: DecodeOptions) {
        super(engine, setup, options);
      }
    },
  };
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
