/** Numbers as the formats write them: varints, and lists of small signed integers (`spec/bitstream.md` § 2). */

/** Bytes that grow. */
export class ByteWriter {
  private bytes = new Uint8Array(1024);
  private length = 0;

  /** Everything written so far. */
  result(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }

  u8(value: number): void {
    this.room(1);
    this.bytes[this.length++] = value;
  }

  raw(bytes: ArrayLike<number>): void {
    this.room(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Seven bits a byte, the lowest first. */
  varint(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.u8((rest & 127) | 128);
    this.u8(rest);
  }

  f32(value: number): void {
    this.room(4);
    new DataView(this.bytes.buffer).setFloat32(this.length, value, true);
    this.length += 4;
  }

  i16(values: ArrayLike<number>): void {
    this.room(2 * values.length);
    const view = new DataView(this.bytes.buffer);
    for (let i = 0; i < values.length; i++, this.length += 2) view.setInt16(this.length, values[i], true);
  }

  private room(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length + count));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

/** Longest quotient that is written in ones; longer ones are written out. */
const LONGEST = 15;

/** A list of integers, neighbours being alike: differences, Rice-coded with the parameter that takes the fewest bits. */
export function writeClassList(out: ByteWriter, values: ArrayLike<number>): void {
  if (values.length === 0) return;
  if (values.length === 1) {
    out.u8(values[0] & 255);
    return;
  }
  const residuals = Array.from(values, (v, i) => zigzag(v - (i > 0 ? values[i - 1] : 0)));
  const cost = (k: number) => residuals.reduce((sum, u) => sum + (u >> k <= LONGEST ? (u >> k) + 1 + k : 48), 0);
  let best = 0;
  for (let k = 1; k < 8; k++) if (cost(k) < cost(best)) best = k;
  let [held, count] = [0, 0];
  const put = (value: number, bits: number) => {
    for (let i = 0; i < bits; i++) {
      held |= ((value >>> i) & 1) << count++;
      if (count === 8) {
        out.u8(held);
        [held, count] = [0, 0];
      }
    }
  };
  put(best, 3);
  for (const u of residuals) {
    const quotient = u >> best;
    if (quotient <= LONGEST) {
      put(2 ** quotient - 1, quotient + 1);
      put(u, best);
    } else {
      put(0xffff, 16);
      put(u, 32);
    }
  }
  if (count > 0) out.u8(held);
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
