/** Sums of WᵀW over rows of weights. */

/** Rows that are added in one pass over the matrix. */
const BLOCK = 4;

/** Σ w·wᵀ over rows w of `size` weights. */
export class Gram {
  /** Upper triangle, row by row. */
  private readonly sums: Float64Array;
  private readonly block: Float64Array;
  private filled = 0;

  constructor(readonly size: number) {
    this.sums = new Float64Array(size * size);
    this.block = new Float64Array(BLOCK * size);
  }

  /** A row of zeros to fill in; it is added with the next one, or at the end. */
  row(): Float64Array {
    if (this.filled === BLOCK) this.flush();
    const { size } = this;
    return this.block.subarray(this.filled * size, ++this.filled * size);
  }

  /** Adds a diagonal matrix. */
  addDiagonal(values: ArrayLike<number>): void {
    for (let i = 0; i < this.size; i++) this.sums[i * this.size + i] += values[i];
  }

  /** The whole, symmetric matrix, row by row. */
  matrix(): Float64Array {
    this.flush();
    const { size } = this;
    const full = this.sums.slice();
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) full[i * size + j] = full[j * size + i];
    return full;
  }

  private flush(): void {
    const { size, block, sums } = this;
    for (let i = 0; i < size; i++) {
      const [a, b, c, d] = [block[i], block[size + i], block[2 * size + i], block[3 * size + i]];
      if (a === 0 && b === 0 && c === 0 && d === 0) continue;
      const at = i * size;
      for (let j = i; j < size; j++) {
        sums[at + j] += a * block[j] + b * block[size + j] + c * block[2 * size + j] + d * block[3 * size + j];
      }
    }
    block.fill(0);
    this.filled = 0;
  }
}

/** Sum of the diagonal of a size × size matrix. */
export function trace(matrix: ArrayLike<number>, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += matrix[i * size + i];
  return sum;
}
