/** The binary range coder (§ 18.1), writing: an interval [low, low + range) whose carries run into what is written. */

/** How a segment may end. */
export interface Ending {
  /** All the bytes that the decoder takes, the last not 0. */
  whole?: boolean;
  /** After that, bytes that nobody takes. */
  more?: number[];
  /** Other bytes altogether. */
  instead?: number[];
}

export class RangeEncoder {
  private readonly bytes: number[] = [];
  private low = 0;
  private range = 2 ** 32 - 1;

  /** A decision whose probability of a one is p / 65536. */
  bit(value: number, p: number): void {
    const bound = Math.floor(this.range / 65536) * p;
    if (value) {
      this.range = bound;
    } else {
      this.add(bound);
      this.range -= bound;
    }
    while (this.range < 2 ** 24) {
      this.range *= 256;
      this.bytes.push(Math.floor(this.low / 2 ** 24));
      this.low = (this.low % 2 ** 24) * 256;
    }
  }

  private add(value: number): void {
    this.low += value;
    if (this.low < 2 ** 32) return;
    this.low -= 2 ** 32;
    let at = this.bytes.length - 1;
    while (this.bytes[at] === 255) this.bytes[at--] = 0;
    this.bytes[at] += 1;
  }

  /** The segment: the number in the interval that ends in most zero bytes, without these. */
  finish(ending: Ending = {}): number[] {
    if (ending.instead) return ending.instead;
    const end = this.low + this.range;
    if (ending.whole || ending.more) {
      const last = end - 1 - ((end - 1) % 256 === 0 ? 1 : 0);
      this.add(last - this.low);
    } else {
      const rounded = [4, 3, 2, 1, 0].map((n) => Math.ceil(this.low / 256 ** n) * 256 ** n);
      this.add(rounded.find((value) => value < end)! - this.low);
    }
    for (let n = 3; n >= 0; n--) this.bytes.push(Math.floor(this.low / 256 ** n) % 256);
    const out = this.bytes;
    if (ending.more) return [...out, ...ending.more];
    while (out.length > 0 && out[out.length - 1] === 0) out.pop();
    return out;
  }
}
