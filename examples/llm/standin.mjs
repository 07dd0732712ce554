// A tiny recurrent stand-in for a language model, for tests: the same interface, no weights to fetch, and every answer depends on all
// rows that the tail was ever given.

/** A model of `words` words whose rows have `width` numbers; the head's state and the tail's each remember all tokens. */
export function standIn({ width = 48, words = 200, end = -1, seed = 1 } = {}) {
  const random = generator(seed);
  const matrix = (rows, columns, scale) =>
    Array.from({ length: rows }, () => Float32Array.from({ length: columns }, () => scale * (2 * random() - 1)));
  const embedding = matrix(words, width, 1);
  // A few channels are far louder than the others, as in real networks.
  const loud = Float32Array.from({ length: width }, (_, c) => (c % 11 === 3 ? 40 : 1 + (c % 5)));
  const [mixing, reading, answers] = [matrix(width, width, 0.25), matrix(width, width, 0.25), matrix(words, width, 1)];

  const head = new Recurrent(width, mixing, (ids, next) => {
    const rows = new Float32Array(ids.length * width);
    ids.forEach((id, i) => {
      next(embedding[id]).forEach((x, c) => {
        rows[i * width + c] = x * loud[c];
      });
    });
    return rows;
  });
  const tail = new Recurrent(width, reading, (rows, next) => {
    let state;
    for (let at = 0; at < rows.length; at += width)
      state = next(rows.subarray(at, at + width).map((x, c) => x / loud[c]));
    return Float32Array.from(answers, (answer) => dot(answer, state));
  });
  return { width, end, head, tail };
}

class Recurrent {
  constructor(width, matrix, step) {
    Object.assign(this, { width, matrix, step });
    this.clear();
  }

  clear() {
    this.state = new Float32Array(this.width);
  }

  async run(data) {
    return this.step(data, (input) => {
      const { state } = this;
      this.state = Float32Array.from(input, (x, c) => Math.tanh(x + dot(this.matrix[c], state)));
      return this.state;
    });
  }

  mark() {
    return this.state;
  }

  back(mark) {
    this.state = mark;
  }
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Numbers of 0 … 1, the same for the same seed (a linear congruence of 32 bits). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
