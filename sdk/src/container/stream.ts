/** Reading a container that arrives in pieces: a file stream, a response body, standard input. */
import { FILE_HEADER_BYTES, RECORD_HEADER_BYTES } from './format.js';
import { type ContainerLimits, fail, resolveLimits } from './limits.js';
import { checkFileHeader, checkPayload, readRecordHeader } from './record.js';
import { type ContainerRecord, ContainerState } from './state.js';

/** Where bytes come from. Node's streams, arrays of pieces and web streams all fit. */
export type ByteSource = Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array>;

/**
 * The records of a container, one after the other, each checked before it is handed out. Memory: the record being read, the names
 * and setups (capped by the limits), and 32 bytes per record. The buffer grows with the bytes that arrive, never with a length field.
 *
 * An error is thrown where it is found, so records before it have been handed out already.
 */
export class ContainerStream implements AsyncIterable<ContainerRecord> {
  /** @internal */ readonly state: ContainerState;
  private readonly queue: ByteQueue;
  private started = false;
  /** Bytes read so far that belong to whole records; the size of the file when all of it has been read. */
  byteLength = 0;

  constructor(source: ByteSource, limits?: ContainerLimits) {
    this.state = new ContainerState(resolveLimits(limits));
    this.queue = new ByteQueue(source);
  }

  /** Name of a tensor id seen so far, or undefined. */
  nameOf(tensor: number): string | undefined {
    return this.state.names[tensor - 1];
  }

  /** Bytes of a setup seen so far, or undefined. */
  setup(id: number): Uint8Array | undefined {
    return this.state.setups[id - 1];
  }

  /** The records in file order, each checked when it comes; to be read once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ContainerRecord> {
    if (this.started) throw fail('invalid_option', 'A container stream can be read once.', 0, 'Open the source again.');
    this.started = true;
    const { queue, state } = this;
    try {
      await queue.fill(FILE_HEADER_BYTES);
      checkFileHeader(queue.take(Math.min(queue.size, FILE_HEADER_BYTES)));
      let offset = FILE_HEADER_BYTES;
      this.byteLength = offset;
      if (!(await queue.fill(1))) throw fail('truncated', 'The file ends before its header record.', offset);
      while (await queue.fill(1)) {
        await queue.fill(RECORD_HEADER_BYTES);
        const headBytes = queue.peek(RECORD_HEADER_BYTES);
        const head = readRecordHeader(headBytes, 0, offset, state.limits.maxRecordBytes);
        if (!(await queue.fill(head.totalBytes))) {
          const message = `The record at ${offset} needs ${head.totalBytes} bytes; the file has ${queue.size}.`;
          throw fail('truncated', message, offset);
        }
        const record = state.accept(head, checkPayload(head, queue.take(head.totalBytes)));
        offset += head.totalBytes;
        this.byteLength = offset;
        yield record;
      }
      state.finish();
    } finally {
      await queue.close();
    }
  }
}

/** Pieces received and not yet used. */
class ByteQueue {
  private readonly pieces: Uint8Array[] = [];
  private readonly next: () => Promise<Uint8Array | undefined>;
  private readonly stop: () => Promise<unknown>;
  private ended = false;
  /** Bytes waiting. */
  size = 0;

  constructor(source: ByteSource) {
    if (source instanceof Uint8Array) source = [source];
    if (Symbol.asyncIterator in source) {
      const it = source[Symbol.asyncIterator]();
      this.next = async () => taken(await it.next());
      this.stop = async () => it.return?.();
    } else if (Symbol.iterator in source) {
      const it = source[Symbol.iterator]();
      this.next = async () => taken(it.next());
      this.stop = async () => it.return?.();
    } else {
      // Web streams are not async iterable everywhere.
      const reader = (source as ReadableStream<Uint8Array>).getReader();
      this.next = async () => taken(await reader.read());
      this.stop = () => reader.cancel();
    }
  }

  /** Waits until `n` bytes are there; false when the source ends before that. */
  async fill(n: number): Promise<boolean> {
    while (this.size < n && !this.ended) {
      const piece = await this.next();
      if (piece === undefined) {
        this.ended = true;
      } else if (piece.length > 0) {
        this.pieces.push(piece);
        this.size += piece.length;
      }
    }
    return this.size >= n;
  }

  /** The next `n` bytes in one piece, or as many as there are, without using them up. */
  peek(n: number): Uint8Array {
    if (this.pieces.length > 0 && this.pieces[0].length >= n) return this.pieces[0].subarray(0, n);
    const bytes = this.take(Math.min(n, this.size));
    if (bytes.length > 0) {
      this.pieces.unshift(bytes);
      this.size += bytes.length;
    }
    return bytes;
  }

  /** Takes `n` bytes that are there. Copies them, because sources may reuse their buffers. */
  take(n: number): Uint8Array {
    const bytes = new Uint8Array(n);
    let at = 0;
    let used = 0;
    while (at < n) {
      const piece = this.pieces[used];
      const part = piece.subarray(0, n - at);
      bytes.set(part, at);
      at += part.length;
      if (part.length < piece.length) this.pieces[used] = piece.subarray(part.length);
      else used++;
    }
    this.pieces.splice(0, used);
    this.size -= n;
    return bytes;
  }

  async close(): Promise<void> {
    if (!this.ended) await this.stop();
    this.ended = true;
  }
}

function taken(result: { done?: boolean; value?: Uint8Array }): Uint8Array | undefined {
  return result.done ? undefined : result.value;
}
