// What our own codec quantises instead of features, in plain arithmetic and apart from it, for peers that are fed the same: the
// mean and the channel transform of a profile, an orthonormal DCT over the planes, and the weight of its frequencies.

/** Rows of the orthonormal DCT of a length. */
function basis(length) {
  return Float64Array.from({ length: length * length }, (_, i) => {
    const [u, x] = [Math.floor(i / length), i % length];
    return Math.sqrt((u === 0 ? 1 : 2) / length) * Math.cos((Math.PI * (2 * x + 1) * u) / (2 * length));
  });
}

/** out[i] = Σ matrix[i, k] · x[k] over planes of `plane` values; `turned` uses the matrix's transpose. */
function mix(matrix, rows, inner, x, plane, turned = false) {
  const out = new Float32Array(rows * plane);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = turned ? matrix[k * rows + i] : matrix[i * inner + k];
      for (let p = 0; p < plane; p++) out[i * plane + p] += factor * x[k * plane + p];
    }
  }
  return out;
}

/** Two-dimensional DCT of every plane, or its inverse. */
function dct(planes, height, width, back) {
  const [across, down] = [basis(width), basis(height)];
  const plane = height * width;
  const out = new Float32Array(planes.length);
  for (let at = 0; at < planes.length; at += plane) {
    const columns = mix(down, height, height, planes.subarray(at, at + plane), width, back);
    for (let y = 0; y < height; y++) {
      out.set(mix(across, width, width, columns.subarray(y * width, (y + 1) * width), 1, back), at + y * width);
    }
  }
  return out;
}

/** (1 + 16(u² + v²))^−¼, u and v from 0 to 1. */
function frequencyWeights(height, width) {
  return Float64Array.from({ length: height * width }, (_, p) => {
    const [u, v] = [Math.floor(p / width) / height, (p % width) / width];
    return (1 + 16 * (u * u + v * v)) ** -0.25;
  });
}

/**
 * A transform of stacks [items, channels, height, width], as peers/transformed.mjs wants it. Without `profile` there is neither
 * mean nor channel transform.
 * @param profile `{ mean, transform: { rank, forward, inverse } }`
 */
export function planesTransform({ name, version, profile }) {
  const each = (data, count, use) => {
    const size = data.length / count;
    const rows = Array.from({ length: count }, (_, i) => use(data.subarray(i * size, (i + 1) * size)));
    const all = new Float32Array(count * rows[0].length);
    for (const [i, row] of rows.entries()) all.set(row, i * row.length);
    return all;
  };
  const { mean, transform } = profile ?? {};
  return {
    name,
    version,
    class: profile ? 'calibrated' : 'self-contained',
    forward: ({ data, dims: [count, channels, height, width] }) => {
      const plane = height * width;
      const weights = frequencyWeights(height, width);
      const rank = transform?.rank ?? channels;
      const coefficients = each(data, count, (row) => {
        let planes = mean ? row.map((x, i) => x - mean[Math.floor(i / plane)]) : row;
        if (transform) planes = mix(transform.forward, rank, channels, planes, plane);
        return dct(planes, height, width, false).map((x, i) => x * weights[i % plane]);
      });
      return { data: coefficients, dims: [count, rank, height, width] };
    },
    inverse: (data, { dims: [count, channels, height, width] }) => {
      const plane = height * width;
      const weights = frequencyWeights(height, width);
      return each(data, count, (row) => {
        let planes = dct(
          row.map((x, i) => x / weights[i % plane]),
          height,
          width,
          true,
        );
        if (transform) planes = mix(transform.inverse, channels, transform.rank, planes, plane);
        return mean ? planes.map((x, i) => x + mean[Math.floor(i / plane)]) : planes;
      });
    },
  };
}
