/** Hashes what a codec puts out, so that hosts and builds can be compared without moving a byte between them. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { EncodeOptions, StreamOptions, Tensor } from 'slicer-codec';
import type { Implementation } from './law.ts';
import { bytesOf } from './tensors.ts';

/** Cases between two hashes. */
export const CHECKPOINT = 10;

/** A running hash over the output of one law. */
export class Recorder {
  private sum = sha256.create();
  private cases = 0;
  private hashes: string[] = [];

  note(bytes: ArrayBufferView): void {
    this.sum.update(bytesOf(bytes));
  }

  /** One more case is over. */
  case(): void {
    this.cases++;
    if (this.cases % CHECKPOINT === 0) this.mark();
  }

  /** Adds the hash of everything so far to the list. */
  mark(): void {
    this.hashes.push(bytesToHex(this.sum.clone().digest()).slice(0, 16));
  }

  /** The hashes so far; begins anew. */
  take(): string[] {
    const { hashes } = this;
    [this.sum, this.cases, this.hashes] = [sha256.create(), 0, []];
    return hashes;
  }
}

/** The same codec, whose frames, bodies and tensors also go to the recorder. */
export function recorded(codec: Implementation['codec'], recorder: Recorder): Implementation['codec'] {
  return {
    inspect: codec.inspect,
    encode(tensor, options) {
      const result = codec.encode(tensor, options);
      recorder.note(result.bytes);
      return result;
    },
    decode(bytes, options) {
      const tensor = codec.decode(bytes, options);
      recorder.note(tensor.data);
      return tensor;
    },
    Encoder: class extends codec.Encoder {
      override encodeInto(tensor: Tensor, options: EncodeOptions, target: Uint8Array): number {
        const length = super.encodeInto(tensor, options, target);
        recorder.note(target.subarray(0, length));
        return length;
      }
    },
    Decoder: codec.Decoder,
    StreamEncoder: class extends codec.StreamEncoder {
      constructor(options: StreamOptions) {
        super(options);
        recorder.note(this.setup);
      }
      override encode(data: ArrayBufferView, options?: { maxBytes?: number }): Uint8Array {
        const body = super.encode(data, options);
        recorder.note(body);
        return body;
      }
    },
    StreamDecoder: class extends codec.StreamDecoder {
      override decode(...args: Parameters<InstanceType<typeof codec.StreamDecoder>['decode']>) {
        const tensor = super.decode(...args);
        recorder.note(tensor.data);
        return tensor;
      }
    },
  };
}
