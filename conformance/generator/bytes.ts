/** Bytes, bits and integer lists, as § 2 writes them; and fields that a test may damage. */

/** Replaces the bytes of one field. */
export type Fault = (bytes: number[]) => readonly number[];

/** Where a field lies in what was written. */
export interface Mark {
  name: string;
  start: number;
  end: number;
}

/** Little-endian bytes, growing; every field has a name, by which a fault can be put in its place. */
export class Writer {
  bytes: number[] = [];
  readonly marks: Mark[] = [];
  readonly faults: Readonly<Record<string, Fault>>;
  readonly used = new Set<string>();

  constructor(faults: Readonly<Record<string, Fault>> = {}) {
    this.faults = faults;
  }

  /** Writes one named field, damaged if a fault of that name is asked for. */
  field(name: string, write: () => void): void {
    const start = this.bytes.length;
    write();
    const fault = this.faults[name];
    if (fault) {
      this.used.add(name);
      const good = this.bytes.splice(start);
      this.raw(fault(good));
    }
    this.marks.push({ name, start, end: this.bytes.length });
  }

  raw(bytes: Iterable<number>): void {
    for (const b of bytes) this.bytes.push(b & 0xff);
  }

  u8(value: number): void {
    this.bytes.push(value & 0xff);
  }

  u32(value: number): void {
    for (let i = 0; i < 4; i++) this.bytes.push((value >>> (8 * i)) & 0xff);
  }

  f32(value: number): void {
    this.u32(bitsOfF32(value));
  }

  varint(value: number): void {
    this.raw(varint(value));
  }
}

const cell = new DataView(new ArrayBuffer(4));

/** The bits of a binary32. */
export function bitsOfF32(value: number): number {
  cell.setFloat32(0, value);
  return cell.getUint32(0);
}

/** The binary32 of some bits. */
export function f32OfBits(bits: number): number {
  cell.setUint32(0, bits);
  return cell.getFloat32(0);
}

/** LEB128 (§ 2). */
export function varint(value: number): number[] {
  if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 32)) throw new Error(`no varint: ${value}`);
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return out;
}

/** Signed to unsigned: 0, −1, 1, −2 … become 0, 1, 2, 3 …; the result may need 33 bits, which no field holds. */
export function zigzag(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1;
}

/** A bit string: fills bytes from the least significant bit, pads with zeros. */
export class BitWriter {
  readonly bytes: number[] = [];
  private count = 0;

  bit(value: number): void {
    if ((this.count & 7) === 0) this.bytes.push(0);
    if (value) this.bytes[this.bytes.length - 1] |= 1 << (this.count & 7);
    this.count += 1;
  }

  /** `width` low bits of `value`, least significant first; values up to 2^32 − 1. */
  bits(value: number, width: number): void {
    let rest = value;
    for (let i = 0; i < width; i++) {
      this.bit(rest % 2);
      rest = Math.floor(rest / 2);
    }
  }

  /** Bits written so far. */
  get length(): number {
    return this.count;
  }
}

/** How an integer list is written: k forced, or these entries as 32-bit escapes although they need none. */
export interface ListStyle {
  k?: number;
  escape?: readonly number[];
}

/** Rice-coded residuals (§ 2.1). */
export function integerList(out: BitWriter, residuals: readonly number[], style: ListStyle = {}): void {
  const k = style.k ?? bestK(residuals);
  out.bits(k, 3);
  residuals.forEach((residual, i) => {
    const u = zigzag(residual);
    const q = Math.floor(u / 2 ** k);
    if (q > 15 || style.escape?.includes(i)) {
      out.bits(0xffff, 16);
      out.bits(u, 32);
    } else {
      for (let j = 0; j < q; j++) out.bit(1);
      out.bit(0);
      out.bits(u % 2 ** k, k);
    }
  });
}

function bestK(residuals: readonly number[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < 8; k++) {
    let cost = 0;
    for (const r of residuals) {
      const q = Math.floor(zigzag(r) / 2 ** k);
      cost += q > 15 ? 48 : q + 1 + k;
    }
    if (cost < least) [best, least] = [k, cost];
  }
  return best;
}

/** A class list (§ 2.1). */
export function classList(values: readonly number[], style: ListStyle = {}): number[] {
  if (values.length === 0) return [];
  if (values.length === 1) return [values[0] & 0xff];
  const out = new BitWriter();
  integerList(
    out,
    values.map((v, i) => v - (values[i - 1] ?? 0)),
    style,
  );
  return out.bytes;
}
