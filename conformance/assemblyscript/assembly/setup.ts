/**
 * § 4 Setup, and the version before it (§ 3).
 */

import { Bins } from './bins';
import { check, E, failed } from './errors';
import { Layout } from './layout';
import { find, Profile } from './profile';
import { metadata, Reader } from './reader';
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
  CHANNEL_TRANSFORM = 512,
  DCT = 1024,
  TRELLIS = 2048,
  DENSE = 4096,
  ADAPTIVE = 16384,
}

/** Bits 1, 2, 3, 4, 7, 9, 10, 11, 12 and 14. */
const NEED_CODED: u32 = 0x5e9e;
const DEFINED: u32 = 0x5fff;

export enum Domain {
  REAL,
  INTEGER,
  FLOAT_BITS,
}

const WIDTHS: StaticArray<u32> = [4, 2, 2, 1, 1, 2, 4];

export class Setup {
  private features: u32 = 0;
  private profileUses: u32 = 0;
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
  profile: Profile | null = null;
  /** § 16: whether the DCT's coefficients are weighted. */
  dctWeight: bool = false;
  /** Of the coded view. */
  channels: u32 = 0;
  classes: Codes = new Codes(63);
  contexts: Contexts = new Contexts();
  /** Planes of a segment, at most. */
  segment: u32 = u32.MAX_VALUE;

  has(feature: u32): bool {
    return (this.features & feature) !== 0;
  }

  read(r: Reader): void {
    r.must(r.u8() === 0, E.UNSUPPORTED_VERSION);
    r.must(r.u8() === 2, E.UNSUPPORTED_VERSION);
    this.features = r.varint();
    r.must((this.features & ~DEFINED) === 0 && this.compatible(), E.UNSUPPORTED_FEATURE);
    this.shape(r);
    this.head(r);
    if (failed()) return;
    this.channels = this.layout.size(this.dims, this.layout.channels, this.layout.height);
    if (this.has(Feature.PROFILE)) this.readProfile(r);
    if (this.has(Feature.CODED)) this.coding(r);
    if (this.has(Feature.METADATA)) metadata(r);
  }

  /** Whether the features go together. */
  private compatible(): bool {
    if (!this.has(Feature.CODED) && this.has(NEED_CODED)) return false;
    if (this.has(Feature.CHANNEL_TRANSFORM) && !this.has(Feature.PROFILE)) return false;
    if (this.has(Feature.TRELLIS) && this.has(Feature.CONTEXTS)) return false;
    if (this.has(Feature.DENSE) && this.has(Feature.CLASSES | Feature.CONTEXTS | Feature.ADAPTIVE)) return false;
    return !this.has(Feature.ADAPTIVE) || (this.has(Feature.CLASSES) && !this.has(Feature.SEGMENTS));
  }

  /** Whether values pass through § 15 or § 16. */
  transforms(): bool {
    return this.has(Feature.CHANNEL_TRANSFORM | Feature.DCT) || this.usesMean();
  }

  usesMean(): bool {
    return (this.profileUses & 1) !== 0;
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
    const realOnly = this.has(Feature.CHANNEL_TRANSFORM | Feature.DCT | Feature.TRELLIS);
    check(!realOnly || this.domain === Domain.REAL, E.CORRUPT, at);
    check(lanes === 0 || !this.has(Feature.DENSE | Feature.ADAPTIVE), E.UNSUPPORTED_FEATURE, at);
    if (failed()) return;
    const area = this.layout.size(this.dims, this.layout.height, this.rank);
    check(area <= 1 || !this.has(Feature.ADAPTIVE), E.UNSUPPORTED_FEATURE, at);
  }

  /** § 4.3 Profile. */
  private readProfile(r: Reader): void {
    if (failed() || !r.skip(8)) return;
    const profile = find(r.data + r.at);
    r.must(profile !== null, E.UNKNOWN_PROFILE);
    const uses = r.u8();
    if (profile === null) return;
    r.must(uses < 4, E.UNSUPPORTED_FEATURE);
    r.must((uses & 1) === 0 || this.domain === Domain.REAL, E.CORRUPT);
    r.must((uses & 2) === 0 || !this.has(Feature.DENSE | Feature.ADAPTIVE), E.UNSUPPORTED_FEATURE);
    const transform = this.has(Feature.CHANNEL_TRANSFORM);
    r.must(profile.channels === this.channels, E.PROFILE_MISMATCH);
    r.must((uses & 1) === 0 || profile.hasMean(), E.PROFILE_MISMATCH);
    r.must((uses & 2) === 0 || transform || profile.hasClasses(), E.PROFILE_MISMATCH);
    r.must(!transform || profile.hasTransform(), E.PROFILE_MISMATCH);
    if (failed()) return;
    this.profile = profile;
    this.profileUses = uses;
    if (transform) this.channels = profile.coefficients;
    if (uses & 2) this.classes.give(transform ? profile.coefficientClasses : profile.classes);
  }

  private coding(r: Reader): void {
    if (failed()) return;
    if (this.domain === Domain.REAL) {
      this.step = reinterpret<f32>(r.u32());
      r.must(isStep(this.step), E.CORRUPT);
    }
    if (this.has(Feature.DCT)) {
      const weight = r.u8();
      r.must(weight < 2, E.UNSUPPORTED_FEATURE);
      this.dctWeight = weight === 1;
    }
    if (this.has(Feature.SCALES)) {
      const at = r.pos;
      this.scales.read(r, this.channels, 3);
      check(this.domain === Domain.REAL, E.CORRUPT, at);
    }
    if (!this.has(Feature.DENSE)) {
      const at = r.pos;
      this.bins.read(r);
      check(!this.has(Feature.TRELLIS) || this.bins.plain(), E.BAD_BINS, at);
      this.tables.read(r, this.bins, this.has(Feature.TRELLIS));
    }
    const given = (this.profileUses & 2) !== 0 || this.has(Feature.ADAPTIVE);
    if (this.has(Feature.CLASSES)) this.classes.read(r, this.channels, given ? 1 : 3);
    if (this.has(Feature.CONTEXTS)) this.contexts.read(r);
    check(this.tables.count % this.contexts.count === 0, E.BAD_TABLE, this.tables.at);
    if (this.has(Feature.SEGMENTS)) {
      this.segment = r.varint();
      r.must(this.segment > 0, E.CORRUPT);
    }
  }
}
