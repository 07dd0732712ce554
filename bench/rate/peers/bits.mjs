// Numbers as bits: what the block formats share.

/** Writes unsigned numbers of up to 32 bits, the lowest bit first. */
export class BitWriter {
  #bytes = [];
  #held = 0;
  #count = 0;

  push(value, bits) {
    for (let done = 0; done < bits; ) {
      const take = Math.min(8 - this.#count, bits - done);
      this.#held |= ((value >>> done) & ((1 << take) - 1)) << this.#count;
      this.#count += take;
      done += take;
      if (this.#count === 8) this.align();
    }
  }

  /** Starts a new byte. */
  align() {
    if (this.#count === 0) return;
    this.#bytes.push(this.#held);
    this.#held = this.#count = 0;
  }

  finish() {
    this.align();
    return Uint8Array.from(this.#bytes);
  }
}

/** Reads what `BitWriter` wrote. */
export class BitReader {
  #at = 0;

  constructor(bytes) {
    this.bytes = bytes;
  }

  pull(bits) {
    let value = 0;
    for (let done = 0; done < bits; ) {
      const [byte, shift] = [this.bytes[this.#at >> 3], this.#at & 7];
      const take = Math.min(8 - shift, bits - done);
      value |= ((byte >> shift) & ((1 << take) - 1)) << done;
      this.#at += take;
      done += take;
    }
    return value >>> 0;
  }

  align() {
    this.#at = (this.#at + 7) & ~7;
  }
}

const word = new DataView(new ArrayBuffer(4));

/** Bits of the nearest f16 number; beyond its range the largest finite one. */
export function halfBits(value) {
  word.setFloat32(0, value);
  const sign = (word.getUint32(0) >>> 16) & 0x8000;
  const magnitude = Math.min(Math.abs(value), 65504);
  if (magnitude < 2 ** -14) return sign | Math.round(magnitude * 2 ** 24);
  let exponent = Math.floor(Math.log2(magnitude));
  let fraction = Math.round((magnitude / 2 ** exponent) * 1024);
  if (fraction >= 2048) [exponent, fraction] = [exponent + 1, fraction / 2];
  return sign | ((exponent + 15) << 10) | (Math.round(fraction) - 1024);
}

/** The number that f16 bits stand for. */
export function halfValue(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}
