// What the built-in tables lose against tables fitted to the very values that are coded, and means and scales on texts of another
// kind than they were made of: hidden states,
// keys and values, row by row.
import { StreamEncoder } from 'slicer-codec';
import { learn as keysAndValues, Parts } from './kv-study.mjs';
import { tokenProfile } from './profiles.mjs';
import { digits, must, table } from './report.mjs';
import { passagesOf, TextModel, withoutFirst } from './text-model.mjs';

const LAYERS = ['h8', 'h15'];
/** Steps around those for a KL of 0.02. */
const STEPS = [1.4, 2, 2.8];
/** The same for keys and for values. */
const STEPS_OF = { k: 1, v: 0.4 };
/** Magnitudes with a frequency of their own; beyond them an exponent and its bits. */
const NEAR = 48;
/** Row classes on either side, in quarter octaves, and rounds of choosing them and fitting again. */
const REACH = 16;
const ROUNDS = 6;
/** Added to every count. */
const PRIOR = 0.02;

/** Mean of each channel and its size in quarter octaves, of calibration rows. */
function channelsOf({ data, dims }) {
  const width = dims.at(-1);
  const rows = data.length / width;
  const [mean, sum] = [new Float64Array(width), new Float64Array(width)];
  for (let i = 0; i < data.length; i++) mean[i % width] += data[i] / rows;
  for (let i = 0; i < data.length; i++) sum[i % width] += (data[i] - mean[i % width]) ** 2;
  return { mean, classes: Int32Array.from(sum, (s) => Math.round(2 * Math.log2(s / rows + 1e-12))) };
}

/** Bits of every magnitude with its sign, from counts. */
function bitsOf(counts) {
  const total = counts.reduce((a, b) => a + b + PRIOR, 0);
  return counts.map((n, k) => Math.log2(total / (n + PRIOR)) + (k > 0 ? 1 : 0));
}

const beyond = (k) => (k < NEAR ? 0 : 2 * Math.floor(Math.log2(k - NEAR + 1)) + 1);

/** Bits that tables take which are fitted to the levels by class of row and channel, the row's class included. */
function fitted(levels, classes) {
  const width = classes.length;
  const rows = levels.length / width;
  const low = Math.min(...classes);
  const count = Math.max(...classes) - low + 1 + 2 * REACH;
  const chosen = new Int32Array(rows).fill(REACH);
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const counts = Array.from({ length: count }, () => new Array(NEAR + 1).fill(0));
    for (let i = 0; i < levels.length; i++) {
      counts[chosen[(i / width) | 0] + classes[i % width] - low][Math.min(levels[i], NEAR)]++;
    }
    const bits = counts.map(bitsOf);
    const used = new Array(2 * REACH + 1).fill(0);
    let total = 0;
    for (let r = 0; r < rows; r++) {
      let best = Number.POSITIVE_INFINITY;
      for (let c = 0; c <= 2 * REACH; c++) {
        let sum = 0;
        for (let j = 0; j < width && sum < best; j++) {
          const k = levels[r * width + j];
          sum += bits[c + classes[j] - low][Math.min(k, NEAR)] + beyond(k);
        }
        if (sum < best) [best, chosen[r]] = [sum, c];
      }
      total += best;
      used[chosen[r]]++;
    }
    for (const n of used) if (n > 0) total += n * Math.log2(rows / n);
    least = Math.min(least, total);
  }
  return least;
}

/** Bits of the bodies, and what a body takes beside its levels: that of a row in which every level is 0. */
function coded({ data, dims }, profile, step) {
  const width = dims.at(-1);
  const bytesAt = (step, rows) => {
    const encoder = new StreamEncoder({ type: 'float32', dims: [1, width], step, shape: 2, profile });
    let bytes = 0;
    for (let at = 0; at < rows * width; at += width) bytes += encoder.encode(data.subarray(at, at + width)).length;
    encoder.free();
    return bytes;
  };
  const rows = data.length / width;
  return { bits: 8 * bytesAt(step, rows), around: 8 * rows * bytesAt(1e6, 1) };
}

/** Passages of the first source come first in either list: 18 of 30 to calibrate, 6 of 10 to test. */
const FIRST = 0.6;

/**
 * Bytes on tokens of other sources with a profile of the first source alone, over those with one of just those sources. The
 * quantiser is the same, so is its noise.
 */
async function elsewhere(name, learn, test, step) {
  const cut = ({ data, dims }, from, to) => {
    const size = data.length / dims[0];
    const [a, b] = [from, to].map((share) => Math.round(share * dims[0]));
    return { data: data.subarray(a * size, b * size), dims: [b - a, ...dims.slice(1)] };
  };
  const rest = cut(test, FIRST, 1);
  const profileOf = (label, stack) => tokenProfile({ cut: `${name} ${label}`, stack });
  const [first, own] = [await profileOf('first', cut(learn, 0, FIRST)), await profileOf('rest', cut(learn, FIRST, 1))];
  return coded(rest, first, step).bits / coded(rest, own, step).bits - 1;
}

/** Runs the study; resolves with musts and Markdown. */
export async function tablesStudy({ text, say, cache, textModel, kvModels, wantedLayers }) {
  if (!text) return { musts: [], about: [], markdown: 'Left out: no --text DIR.' };
  const passages = passagesOf(text, cache);
  const model = new TextModel({ cache, say, file: textModel });
  const rows = [];
  const musts = [];
  /** One line: a tensor at one step. */
  const add = async (name, learn, test, step, others) => {
    say(`${name}: tables at step ${step}`);
    const { mean, classes } = channelsOf(learn);
    const profile = await tokenProfile({ cut: name, stack: learn });
    const width = classes.length;
    const levels = Int32Array.from(test.data, (x, i) => Math.round(Math.abs(x - mean[i % width]) / step));
    const ideal = fitted(levels, classes);
    const { bits, around } = coded(test, profile, step);
    const loss = 100 * ((bits - around) / ideal - 1);
    const each = [bits, around, ideal].map((b) => digits(b / test.data.length, 3));
    musts.push(must(`${name}, step ${step}: built-in tables over fitted ones, % more`, loss, '<= 3'));
    const other = others ? 100 * (await elsewhere(name, learn, test, step)) : undefined;
    if (others) musts.push(must(`${name}, step ${step}: means and scales of another source, % more`, other, '<= 3'));
    rows.push([`${name}, step ${step}`, ...each, digits(loss, 2), others ? digits(other, 2) : '–']);
  };
  for (const name of LAYERS.filter((layer) => !wantedLayers || wantedLayers.includes(layer))) {
    const learn = withoutFirst(await model.states(name, passages.calibration)).stack;
    const test = withoutFirst(await model.states(name, passages.test)).stack;
    for (const step of STEPS) await add(name, learn, test, step, true);
  }
  if (!wantedLayers || wantedLayers.includes('kv')) {
    const parts = new Parts(kvModels ?? []);
    const learn = await keysAndValues(parts, passages.calibration, say);
    const test = await keysAndValues(parts, passages.test, say);
    // The first token's keys and values are like no others'; it is left out as for hidden states.
    for (const name of Object.keys(test)) {
      const [known, tested] = [learn, test].map((of) => withoutFirst(of[name].stack).stack);
      await add(name, known, tested, STEPS_OF[name[0]], false);
    }
  }
  const head = [
    '',
    'bit/value',
    'of which around the levels',
    'fitted tables',
    'loss, %',
    'profile of another source, % more',
  ];
  const note =
    'Profile of means and scales. The fitted tables know the tested values and are not counted, which flatters them; the class of a row is.';
  return { rows, musts, about: [], markdown: `${table(head, rows)}\n\n${note}` };
}
