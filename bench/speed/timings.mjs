// Times of many rounds: the best, and the median beside it.

/** Collects rows of rounds by host, case and codec. */
export class Timings {
  #cells = new Map();

  add(host, rows) {
    for (const row of rows) {
      const key = [row.case, row.codec, host].join(' | ');
      const cell = this.#cells.get(key) ?? { ...row, host, encode: [], decode: [] };
      cell.encode.push(row.encode);
      cell.decode.push(row.decode);
      this.#cells.set(key, cell);
    }
  }

  /** One row per cell, by case. */
  rows() {
    const rows = [...this.#cells.values()];
    const order = [...new Set(rows.map((row) => row.case))];
    rows.sort((a, b) => order.indexOf(a.case) - order.indexOf(b.case));
    return rows.map((row) => ({ ...row, encode: summary(row.encode), decode: summary(row.decode) }));
  }
}

function summary(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return { best: sorted[0], median: (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2 };
}

/** How many times as fast one codec is as the other, case by case, by best times. */
export function ratios(rows, [host, codec], [otherHost, other]) {
  const find = (name, h, c) => rows.find((row) => row.case === name && row.host === h && row.codec === c);
  const result = { encode: [], decode: [] };
  for (const name of new Set(rows.map((row) => row.case))) {
    const [a, b] = [find(name, host, codec), find(name, otherHost, other)];
    for (const way of ['encode', 'decode']) result[way].push(b[way].best / a[way].best);
  }
  return result;
}

/** Mean for ratios. */
export const geometricMean = (values) => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);

/** The geometric means of `ratios`. */
export function meanRatios(rows, one, other) {
  const { encode, decode } = ratios(rows, one, other);
  return { encode: geometricMean(encode), decode: geometricMean(decode) };
}
