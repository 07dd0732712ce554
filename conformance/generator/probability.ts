/** Probabilities of the dense coder (§ 18.2), as its encoder keeps them. */

const CURVE =
  '22 36 60 98 162 267 440 720 1179 1919 3108 4971 7812 11956 17625 24743 32768 40793 47911 53580 57724 60565 62428 63617 64357 64816 65096 65269 65374 65438 65476 65500 65514'
    .split(' ')
    .map(Number);

/** R[n]: how far a probability moves after n bits. */
export function rate(n: number): number {
  const d = 10 * n + 16;
  return Math.floor((1310720 + d) / (2 * d));
}

/** The probability of a logit, in 1/65536. */
export function squash(x: number): number {
  const y = clamp(x, -2047, 2047) + 2048;
  const i = Math.floor(y / 128);
  const w = y - 128 * i;
  return Math.floor((CURVE[i] * (128 - w) + CURVE[i + 1] * w + 64) / 128);
}

const LOGITS = Array.from({ length: 4096 }, (_, q) => {
  let low = -2047;
  let high = 2047;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (squash(middle) >> 4 >= q) high = middle;
    else low = middle + 1;
  }
  return low;
});

/** The logit of a probability in 1/4096. */
export function stretch(q: number): number {
  return LOGITS[q];
}

/** The probability with which a bit may be coded. */
export function codable(p: number): number {
  return clamp(p, 32, 65504);
}

/** A probability in 1/2^22 that learns. */
export class Slot {
  p = 2 ** 21;
  private n = 0;

  learn(bit: number): void {
    const moved = this.p + Math.floor(((bit * 2 ** 22 - this.p) * rate(this.n)) / 65536);
    this.p = Math.min(moved, 2 ** 22 - 1);
    this.n = Math.min(this.n + 1, 255);
  }

  /** By itself. */
  get alone(): number {
    return codable(Math.floor(this.p / 64));
  }
}

/** Weights of several slots. */
export class Weights {
  private readonly w: number[];
  private readonly shift: number;

  constructor(first: readonly number[], shift: number) {
    this.w = [...first];
    this.shift = shift;
  }

  /** The probability of a one; what calls it then tells the bit. */
  mix(slots: readonly Slot[]): { p: number; learn: (bit: number) => void } {
    const x = slots.map((slot) => stretch(Math.floor(slot.p / 1024)));
    const sum = x.reduce((total, value, i) => total + value * this.w[i], 0);
    const p = codable(squash(clamp(Math.floor(sum / 65536), -2047, 2047)));
    const learn = (bit: number) => {
      const error = 65536 * bit - p;
      x.forEach((value, i) => {
        const change = Math.floor((error * value + 2 ** (this.shift - 1)) / 2 ** this.shift);
        this.w[i] = clamp(this.w[i] + change, -(2 ** 20), 2 ** 20);
      });
      for (const slot of slots) slot.learn(bit);
    };
    return { p, learn };
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
