/**
 * § 17 Trellis: a machine of eight states per lane.
 */

/** By state and parity of the level. */
const NEXT: StaticArray<u8> = [0, 2, 2, 0, 4, 6, 6, 4, 5, 7, 7, 5, 1, 3, 3, 1];

export class Trellis {
  private state: StaticArray<u8> = new StaticArray<u8>(32);
  /** The row, plus one, in which a lane was last. */
  private row: StaticArray<u32> = new StaticArray<u32>(32);

  /** Begins a segment. */
  reset(): void {
    for (let l = 0; l < 32; l++) this.row[l] = 0;
  }

  /** The union bit of a lane's next value, which is in this row. */
  union(lane: u32, row: u32): u32 {
    if (this.row[lane] !== row + 1) this.state[lane] = 0;
    this.row[lane] = row + 1;
    return this.state[lane] >> 2;
  }

  after(lane: u32, level: i64): void {
    this.state[lane] = NEXT[2 * this.state[lane] + u32(level & 1)];
  }
}
