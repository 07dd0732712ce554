// Keys and values as CacheGen codes them; see the Python side.
import { steps } from './steps.mjs';

const GROUP = 10;

/** Mean magnitude of the difference to the first token of a group, by channel. */
function scalesOf({ data, dims: [count, tokens, width] }) {
  const sums = new Float64Array(width);
  let differences = 0;
  for (let t = 0; t < count * tokens; t++) {
    const place = t % tokens;
    if (place % GROUP === 0) continue;
    const anchor = t - (place % GROUP);
    for (let c = 0; c < width; c++) sums[c] += Math.abs(data[t * width + c] - data[anchor * width + c]);
    differences++;
  }
  return Array.from(sums, (sum) => Number((sum / differences).toPrecision(3)));
}

export default {
  name: 'CacheGen-like',
  class: 'calibrated',
  about: 'groups of ten tokens, the first with 8 bits, then differences',
  python: 'cachegen',
  variants: [{ label: '', ladder: ({ rms }) => steps(rms).map((step) => ({ step })) }],
  run: (stack, setting, { python, calibration }) =>
    python.run('cachegen', stack, { step: setting.step, scales: scalesOf(calibration.stack) }),
};
