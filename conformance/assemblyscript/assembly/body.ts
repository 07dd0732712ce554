/**
 * § 5 Body: its fields (`read`), then its payload (`decode`); between the two the framing checks the checksum.
 */

import { Adaptive } from './adaptive';
import { DenseCoder } from './dense';
import { check, E, failed, inSegment } from './errors';
import { Coder } from './rans';
import { Reader } from './reader';
import { Domain, Feature, Setup } from './setup';
import { Output } from './values';

/** § 14.2 Outputs are never larger than this, whatever the caller allows. */
const MAX_BYTES: u64 = 1 << 28;

export class Body {
  dims: StaticArray<u32> = new StaticArray<u32>(8);
  stepIndex: i32 = 0;
  channels: u32 = 0;
  /** Values of a plane, and of a row of a plane. */
  area: u32 = 0;
  width: u32 = 0;
  /** Bytes of the payload. */
  length: u64 = 0;
  /** § 19.1 What this body makes of the stream's state; null without adaptive classes. */
  state: Adaptive | null = null;
  private raw: bool = false;
  private bytes: u64 = 0;
  private planes: u32 = 0;
  private segments: u32 = 0;
  /** Planes of a segment. */
  private size: u32 = 0;
  private tableAt: u32 = 0;

  constructor(private setup: Setup) {}

  /** Up to the payload; a bare body ends where r ends. */
  read(r: Reader, bare: bool, maxBytes: u32): void {
    const setup = this.setup;
    const head = r.u8();
    this.raw = (head & 1) !== 0;
    r.must(head < 8, E.UNSUPPORTED_FEATURE);
    r.must(this.raw || setup.has(Feature.CODED), E.CORRUPT);
    r.must((head & 2) === 0 || (!this.raw && setup.domain === Domain.REAL), E.CORRUPT);
    const state = this.state;
    r.must((head & 4) === 0 || state !== null, E.CORRUPT);
    if (state && head & 4) state.reset();
    this.shape(r, maxBytes);
    if (head & 2) {
      this.stepIndex = r.i8();
      r.must(this.stepIndex !== -128, E.CORRUPT);
    }
    if (failed()) return;
    if (this.raw) this.length = this.bytes;
    else this.coded(r, bare);
  }

  private shape(r: Reader, maxBytes: u32): void {
    for (let i: u32 = 0; i < this.setup.rank; i++) this.dims[i] = this.setup.dims[i];
    if (this.setup.has(Feature.ROWS)) {
      this.dims[0] = r.varint();
      r.must(this.dims[0] <= this.setup.dims[0], E.BAD_DIMS);
    }
    let values: u64 = 1;
    for (let i: u32 = 0; i < this.setup.rank; i++) values *= this.dims[i];
    this.bytes = values * this.setup.width;
    r.must(this.bytes <= min(u64(maxBytes), MAX_BYTES), E.LIMIT_EXCEEDED);
    // Coefficients of a row are held in four bytes.
    r.must(this.raw || !this.setup.transforms() || values * 4 <= MAX_BYTES, E.LIMIT_EXCEEDED);
  }

  private coded(r: Reader, bare: bool): void {
    const layout = this.setup.layout;
    const rows = layout.size(this.dims, 0, layout.channels);
    this.channels = this.setup.channels;
    this.width = layout.size(this.dims, layout.width, layout.rank);
    this.area = this.width * layout.size(this.dims, layout.height, layout.width);
    this.setup.scales.readRows(r, rows);
    this.setup.classes.readRows(r, rows);
    this.tableAt = r.pos;
    if (failed() || this.bytes === 0) return;
    this.planes = rows * this.channels;
    this.size = min(this.setup.segment, this.planes);
    this.segments = 1 + (this.planes - 1) / this.size;
    const entries = this.segments - u32(bare);
    check(entries <= r.left(), E.TRUNCATED, r.pos);
    for (let i: u32 = 0; i < entries && !failed(); i++) this.length += r.varint();
    if (!bare || failed()) return;
    check(this.length <= r.left(), E.TRUNCATED, r.pos);
    this.length = r.left();
  }

  /** The first table of a plane: class · contexts, or · 2 with a trellis. */
  table(plane: u32): u32 {
    const contexts = this.setup.contexts.count;
    const each = this.setup.has(Feature.TRELLIS) ? 2 : contexts;
    const classes = this.setup.classes;
    const channel = plane % this.channels;
    const state = this.state;
    const sum = classes.row(plane / this.channels) + (state ? state.integer(channel) : classes.channel(channel));
    return u32(max(0, min(sum, i32(this.setup.tables.count / each) - 1))) * each;
  }

  /** The tensor; empty after an error. The payload begins at r's position and lies within r. */
  decode(r: Reader): Uint8Array {
    const bytes = new Uint8Array(i32(this.bytes));
    if (this.raw) memory.copy(bytes.dataStart, r.data + r.pos, bytes.length);
    else this.decodeSegments(r, bytes);
    return failed() ? new Uint8Array(0) : bytes;
  }

  private decodeSegments(r: Reader, bytes: Uint8Array): void {
    if (this.segments === 0) return;
    const size = this.size;
    const output = new Output(this.setup, this, bytes.dataStart, r.pos);
    const values = size * this.area;
    let dense: DenseCoder | null = null;
    let coder: Coder | null = null;
    if (this.setup.has(Feature.DENSE)) dense = new DenseCoder(this.setup, this, output, values);
    else coder = new Coder(this.setup, this, output, values);
    const lengths = new Reader(r.data, this.tableAt, r.pos);
    const end = r.pos + u32(this.length);
    let at = r.pos;
    for (let i: u32 = 0; i < this.segments && !failed(); i++) {
      const next = i + 1 < this.segments ? at + lengths.varint() : end;
      inSegment(at);
      const part = new Reader(r.data, at, next);
      const planes = min(size, this.planes - i * size);
      if (dense) dense.segment(part, i * size, planes);
      if (coder) coder.segment(part, i * size, planes);
      at = next;
    }
  }
}
