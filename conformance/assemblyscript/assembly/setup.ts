/**
 * § 4 Setup, and the version before it (§ 3).
 */

import { Bins } from './bins';
import { check, E, failed } from './errors';
import { Layout } from './layout';
import { Reader } from './reader';
import { isStep } from './scales';
import { Codes, Contexts } from './select';
import { Tables } from './tables';

export enum Feature {
  CODED = 1,
  SCALES = 2,
  CLASSES = 4,
  CONTEXTS = 8,
  SEGMENTS = 16,
  ROWS = 32,
  METADATA = 64,
  PROFILE = 128,
  BODY_CHECKSUM = 256,
}

/** SCALES, CLASSES, CONTEXTS, SEGMENTS and PROFILE. */
const NEED_CODED: u32 = 2 | 4 | 8 | 16 | 128;

export enum Domain {
  REAL,
  INTEGER,
  FLOAT_BITS,
}

const WIDTHS: StaticArray<u32> = [4, 2, 2, 1, 1, 2, 4];

export class Setup {
  private features: u32 = 0;
  type: u32 = 0;
  /** Bytes of an element. */
  width: u32 = 0;
  rank: u32 = 0;
  dims: StaticArray<u32> = new StaticArray<u32>(8);
  layout: Layout = new Layout(0);
  domain: u32 = Domain.REAL;
  lanes: u32 = 1;
  step: f32 = 1;
  scales: Codes = new Codes(127);
  bins: Bins = new Bins();
  tables: Tables = new Tables();
  classes: Codes = new Codes(63);
  contexts: Contexts = new Contexts();
  /** Planes of a segment, at most. */
  segment: u32 = u32.MAX_VALUE;

  has(feature: u32): bool {
    return (this.features & feature) !== 0;
  }

  read(r: Reader): void {
    r.must(r.u8() === 0, E.UNSUPPORTED_VERSION);
    r.must(r.u8() === 1, E.UNSUPPORTED_VERSION);
    this.features = r.varint();
    r.must(this.features < 512 && (this.has(Feature.CODED) || !this.has(NEED_CODED)), E.UNSUPPORTED_FEATURE);
    this.shape(r);
    this.head(r);
    if (this.has(Feature.PROFILE)) {
      r.skip(8);
      r.must(false, E.UNKNOWN_PROFILE);
    }
    if (this.has(Feature.CODED)) this.coding(r);
    if (this.has(Feature.METADATA)) metadata(r);
  }

  /** § 4.1 Type, rank, dims. */
  private shape(r: Reader): void {
    const byte = r.u8();
    r.must((byte & 7) < 7 && byte < 128, E.UNSUPPORTED_FEATURE);
    r.must(byte >> 3 <= 8, E.BAD_DIMS);
    if (failed()) return;
    this.type = byte & 7;
    this.width = WIDTHS[this.type];
    this.rank = byte >> 3;
    let product: u64 = 1;
    for (let i: u32 = 0; i < this.rank && !failed(); i++) {
      this.dims[i] = r.varint();
      // Once too large it stays so: no further product, no overflow.
      if (this.dims[i] && product < 1 << 31) product *= this.dims[i];
    }
    r.must(product < 1 << 31, E.BAD_DIMS);
  }

  /** § 4.2 Coding head, with the axes of an explicit layout. */
  private head(r: Reader): void {
    const head = r.u8();
    const at = r.at;
    const coded = this.has(Feature.CODED);
    this.layout = new Layout(this.rank);
    this.layout.read(r, head & 3, this.has(Feature.ROWS));
    this.domain = (head >> 2) & 3;
    check(this.domain < 3 && (coded || this.domain === 0), E.UNSUPPORTED_FEATURE, at);
    check(this.domain === Domain.REAL || (this.domain === Domain.INTEGER) === this.type > 2, E.CORRUPT, at);
    const lanes = head >> 4;
    check(lanes < 5 && (coded || lanes === 0), E.UNSUPPORTED_FEATURE, at);
    this.lanes = lanes === 4 ? 32 : 1 << lanes;
  }

  private coding(r: Reader): void {
    if (failed()) return;
    if (this.domain === Domain.REAL) {
      this.step = reinterpret<f32>(r.u32());
      r.must(isStep(this.step), E.CORRUPT);
    }
    const channels = this.layout.size(this.dims, this.layout.channels, this.layout.height);
    if (this.has(Feature.SCALES)) {
      const at = r.pos;
      this.scales.read(r, channels);
      check(this.domain === Domain.REAL, E.CORRUPT, at);
    }
    this.bins.read(r);
    this.tables.read(r, this.bins);
    if (this.has(Feature.CLASSES)) this.classes.read(r, channels);
    if (this.has(Feature.CONTEXTS)) this.contexts.read(r);
    check(this.tables.count % this.contexts.count === 0, E.BAD_TABLE, this.tables.at);
    if (this.has(Feature.SEGMENTS)) {
      this.segment = r.varint();
      r.must(this.segment > 0, E.CORRUPT);
    }
  }
}

/** § 4.4 Metadata is stepped over. */
function metadata(r: Reader): void {
  const count = r.varint();
  for (let i: u32 = 0; i < count && !failed(); i++) {
    r.varint();
    r.skip(r.varint());
  }
}
