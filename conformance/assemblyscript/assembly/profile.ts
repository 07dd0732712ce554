/**
 * `profile.md`: reading profiles, and those this decoder holds (`bitstream.md` § 4.3).
 */

import { check, E, failed } from './errors';
import { metadata, Reader } from './reader';
import { isStep } from './scales';
import { sha256 } from './sha256';

enum Section {
  MEAN = 1,
  CLASSES = 2,
  TRANSFORM = 4,
  FORWARD = 8,
  RECIPE = 16,
  CURVE = 32,
  METADATA = 64,
}

export class Profile {
  hash: StaticArray<u8> = new StaticArray<u8>(32);
  channels: u32 = 0;
  /** Of the transform; 0 without one. */
  coefficients: u32 = 0;
  /** By channel; empty without one. */
  mean: StaticArray<f32> = new StaticArray<f32>(0);
  classes: StaticArray<i8> = new StaticArray<i8>(0);
  /** By coefficient. */
  coefficientClasses: StaticArray<i8> = new StaticArray<i8>(0);
  /** A[c][k] by k · channels + c. */
  matrix: StaticArray<f32> = new StaticArray<f32>(0);
  private sections: u32 = 0;

  has(section: u32): bool {
    return (this.sections & section) !== 0;
  }

  hasMean(): bool {
    return this.has(Section.MEAN);
  }

  hasClasses(): bool {
    return this.has(Section.CLASSES);
  }

  hasTransform(): bool {
    return this.has(Section.TRANSFORM);
  }

  /** § 1 and § 2. */
  read(r: Reader): void {
    r.magic(0x50434c53);
    r.must(r.u8() === 0, E.UNSUPPORTED_VERSION);
    r.must(r.u8() === 2, E.UNSUPPORTED_VERSION);
    const hashAt = r.pos;
    if (!r.skip(32)) return;
    this.hash = sha256(r.data + r.pos, r.left());
    for (let i: u32 = 0; i < 32; i++) {
      check(this.hash[i] === load<u8>(r.data + hashAt + i), E.CHECKSUM_MISMATCH, hashAt);
    }
    this.sections = r.varint();
    r.must(this.sections < 128 && (this.hasTransform() || !this.has(Section.FORWARD)), E.UNSUPPORTED_FEATURE);
    this.channels = r.varint();
    r.must(this.channels >= 1 && this.channels <= 65536, E.BAD_DIMS);
    if (this.hasMean()) this.readMean(r);
    if (this.hasClasses() && !failed()) this.classes = r.classes(this.channels, 63);
    if (this.hasTransform() && !failed()) this.transform(r);
    if (this.has(Section.FORWARD)) this.columns(r, false);
    if (this.has(Section.RECIPE)) r.must(r.u8() < 64, E.UNSUPPORTED_FEATURE);
    if (this.has(Section.CURVE)) curve(r);
    if (this.has(Section.METADATA)) metadata(r);
    check(r.left() === 0, E.TRAILING_BYTES, r.pos);
  }

  private readMean(r: Reader): void {
    check(this.channels * 4 <= r.left(), E.TRUNCATED, r.pos);
    if (failed()) return;
    this.mean = new StaticArray<f32>(this.channels);
    for (let c: u32 = 0; c < this.channels; c++) {
      const m = reinterpret<f32>(r.u32());
      r.must(abs(m) < Infinity, E.CORRUPT);
      this.mean[c] = m;
    }
  }

  /** § 3. */
  private transform(r: Reader): void {
    this.coefficients = r.varint();
    r.must(this.coefficients >= 1 && this.coefficients <= this.channels, E.BAD_DIMS);
    if (failed()) return;
    this.coefficientClasses = r.classes(this.coefficients, 63);
    this.columns(r, true);
  }

  /** A scale and the integers of every coefficient; kept as A, or checked only. */
  private columns(r: Reader, keep: bool): void {
    check(u64(4 + 2 * this.channels) * this.coefficients <= r.left(), E.TRUNCATED, r.pos);
    if (failed()) return;
    if (keep) this.matrix = new StaticArray<f32>(this.coefficients * this.channels);
    for (let k: u32 = 0; k < this.coefficients && !failed(); k++) {
      const s = reinterpret<f32>(r.u32());
      r.must(isStep(s) && isStep(s * 32768), E.CORRUPT);
      r.skip(2 * this.channels);
      if (!keep || failed()) continue;
      for (let c: u32 = 0; c < this.channels; c++) {
        this.matrix[k * this.channels + c] = f32(load<i16>(r.data + r.at + 2 * c)) * s;
      }
    }
  }
}

/** § 4: step, bytes, divergence. */
function curve(r: Reader): void {
  const count = r.varint();
  r.must(count <= 256, E.CORRUPT);
  let last: f32 = 0;
  for (let i: u32 = 0; i < count && !failed(); i++) {
    const step = reinterpret<f32>(r.u32());
    r.must(isStep(step) && step > last, E.CORRUPT);
    r.must(isStep(reinterpret<f32>(r.u32())), E.CORRUPT);
    r.must(isStep(reinterpret<f32>(r.u32())), E.CORRUPT);
    last = step;
  }
}

const held = new Map<u64, Profile>();

/** Takes a profile; its id is that of no other. */
export function hold(profile: Profile): void {
  const id = load<u64>(changetype<usize>(profile.hash));
  const known = held.has(id) ? held.get(id) : profile;
  for (let i = 0; i < 32; i++) check(known.hash[i] === profile.hash[i], E.CHECKSUM_MISMATCH, 6);
  if (!failed()) held.set(id, profile);
}

/** The profile with an id, whose bytes stand at an address. */
export function find(id: usize): Profile | null {
  const key = load<u64>(id);
  return held.has(key) ? held.get(key) : null;
}

export function forget(): void {
  held.clear();
}
