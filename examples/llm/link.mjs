// What lies between head and tail: a stream of the codec, or nothing.
import { StreamDecoder, StreamEncoder } from 'slicer-codec';

/** The largest first body: a prompt of so many tokens. */
const MOST_ROWS = 2048;

/** An encoder at the head's end and a decoder at the tail's, in one process; between them only bytes. */
export class CodedLink {
  /**
   * `settings` are those of a `StreamEncoder` (step, shape, trellis, adaptive, profile) and `cap`, the most bytes a body of one
   * token may have.
   */
  constructor(width, { cap, ...settings }) {
    this.width = width;
    this.cap = cap;
    this.settings = { type: 'float32', dims: [MOST_ROWS, width], ...settings };
    this.encoder = new StreamEncoder(this.settings);
    const profiles = settings.profile ? [settings.profile] : undefined;
    this.decoder = new StreamDecoder(this.encoder.setup, { profiles });
    /** Bytes that are sent once, before any body. */
    this.setupBytes = this.encoder.setup.length;
    this.profileBytes = settings.profile?.length ?? 0;
  }

  /** The head's end: rows become a body. */
  encode(rows) {
    return this.encoder.encode(rows, rows.length === this.width ? { maxBytes: this.cap } : undefined);
  }

  /** The head's end after a loss: the same rows as a body that asks nothing of the decoder's state. */
  encodeAnew(rows) {
    this.encoder.reset();
    return this.encode(rows);
  }

  /** The tail's end: a body becomes rows. */
  decode(body) {
    return this.decoder.decode(body).data;
  }

  /** Both ends' states, for `back`; an end of a network would keep only its own. */
  mark() {
    return { encoder: this.encoder.snapshot(), decoder: this.decoder.snapshot() };
  }

  back(mark) {
    this.encoder.restore(mark.encoder);
    this.decoder.restore(mark.decoder);
  }

  /** Whether both ends would code the next body alike. */
  agrees() {
    const { encoder, decoder } = this.mark();
    return Buffer.compare(encoder, decoder) === 0;
  }

  /** Bytes of rows as the first body of a stream of their own. */
  alone(rows) {
    const encoder = new StreamEncoder(this.settings);
    const { length } = encoder.encode(rows);
    encoder.free();
    return length;
  }

  free() {
    this.encoder.free();
    this.decoder.free();
  }
}

/** No codec: the tail gets the head's own numbers, four bytes each. */
export class PlainLink {
  setupBytes = 0;
  profileBytes = 0;
  encode(rows) {
    return new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength).slice();
  }
  decode(body) {
    return new Float32Array(body.buffer, 0, body.length / 4);
  }
  mark() {}
  back() {}
  free() {}
}
