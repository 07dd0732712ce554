/**
 * § 2 Notation: bytes, varints, bit strings, zigzag; § 2.1 integer and class lists.
 */

import { check, E, failed } from './errors';

/** More integers than this are refused before memory is taken for them. */
const MAX_LIST: u32 = 1 << 28;

export function unzigzag(u: u32): i64 {
  return i64(u >> 1) ^ -i64(u & 1);
}

/** After an error all reads return 0. */
export class Reader {
  /** Where the field read last begins. */
  at: u32 = 0;
  /** Bits of the byte at `pos` that are already read. */
  private bit: u32 = 0;
  private k: u32 = 0;

  /** Reads from byte pos to byte end of the input at address data. */
  constructor(
    public data: usize,
    public pos: u32,
    public end: u32,
  ) {}

  left(): u32 {
    return this.end - this.pos;
  }

  /** Unless the condition holds, the field read last is in error. */
  must(holds: bool, error: i32): void {
    check(holds, error, this.at);
  }

  /** Steps over n bytes; true if they are there. */
  skip(n: u32): bool {
    this.at = this.pos;
    this.must(n <= this.left(), E.TRUNCATED);
    if (failed()) return false;
    this.pos += n;
    return true;
  }

  /** Four bytes that must be these; a proper prefix of them is truncated. */
  magic(value: u32): void {
    const at = this.pos;
    for (let i: u32 = 0; i < 4; i++)
      check(this.left() === 0 || this.u8() === ((value >> (8 * i)) & 255), E.BAD_MAGIC, at);
    check(this.pos === at + 4, E.TRUNCATED, this.pos);
  }

  u8(): u32 {
    return this.skip(1) ? load<u8>(this.data + this.at) : 0;
  }

  i8(): i32 {
    return i32(i8(this.u8()));
  }

  u32(): u32 {
    return this.skip(4) ? load<u32>(this.data + this.at) : 0;
  }

  varint(): u32 {
    const at = this.pos;
    let value: u64 = 0;
    let byte: u32 = 128;
    let i: u32 = 0;
    for (; i < 5 && byte > 127; i++) {
      byte = this.u8();
      value |= u64(byte & 127) << (7 * i);
    }
    this.at = at;
    this.must(byte < 128 && value >> 32 === 0 && (byte > 0 || i === 1), E.CORRUPT);
    return failed() ? 0 : u32(value);
  }

  /** The next n ≤ 32 bits of a bit string. */
  bits(n: u32): u32 {
    this.at = this.pos;
    let value: u64 = 0;
    for (let got: u32 = 0; got < n; ) {
      check(this.pos < this.end, E.TRUNCATED, this.pos);
      if (failed()) return 0;
      const take = min(8 - this.bit, n - got);
      value |= u64((u32(load<u8>(this.data + this.pos)) >> this.bit) & ((1 << take) - 1)) << got;
      got += take;
      this.bit += take;
      if (this.bit === 8) {
        this.bit = 0;
        this.pos++;
      }
    }
    return u32(value);
  }

  /** Ends a bit string: the rest of its last byte is zero. */
  pad(): void {
    if (this.bit) this.must(this.bits(8 - this.bit) === 0, E.CORRUPT);
  }

  /** Begins an integer list. */
  list(): void {
    this.k = this.bits(3);
  }

  /** The next residual of an integer list. */
  residual(): i64 {
    const at = this.pos;
    let q: u32 = 0;
    while (q < 16 && this.bits(1)) q++;
    const u = q === 16 ? this.bits(32) : (q << this.k) | this.bits(this.k);
    this.at = at;
    return unzigzag(u);
  }

  /** § 2.1 A class list of n integers within ±limit. */
  classes(n: u32, limit: i32): StaticArray<i8> {
    // A list of two or more has at least a bit per integer, so a longer one fails before it is full.
    const room = min(u64(n), max(1, u64(this.left()) * 8));
    check(room <= MAX_LIST, E.LIMIT_EXCEEDED, this.pos);
    if (failed()) return new StaticArray<i8>(0);
    const values = new StaticArray<i8>(i32(room));
    if (n > 1) this.list();
    let value: i64 = 0;
    for (let i: u32 = 0; i < n; i++) {
      value = n === 1 ? i64(this.i8()) : value + this.residual();
      this.must(value >= -limit && value <= limit, E.CORRUPT);
      if (failed()) break;
      values[i] = i8(value);
    }
    this.pad();
    return values;
  }
}

/** § 4.4 Metadata is stepped over. */
export function metadata(r: Reader): void {
  const count = r.varint();
  for (let i: u32 = 0; i < count && !failed(); i++) {
    r.varint();
    r.skip(r.varint());
  }
}
