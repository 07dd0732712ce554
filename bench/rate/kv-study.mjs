// Keys and values of two blocks of a language model: what peers take for them at equal KL of the answers. Keys are taken before
// their rotation; those of the second block are computed from what the first block's coded ones led to.
import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import ort from 'onnxruntime-node';
// Not a public entry of the package yet.
import { divergence } from '../../sdk/dist/esm/eval/kl.js';
import { exportModel } from '../models/export.mjs';
import { compare, plain, TARGET } from './compare.mjs';
import { open } from './features.mjs';
import { loadPeers } from './peers/index.mjs';
import { digits, must, table } from './report.mjs';
import { statisticsOf } from './stack.mjs';
import { passagesOf } from './text-model.mjs';

const BLOCKS = [8, 15];
const KINDS = ['k', 'v'];
const LEVELS = [0.01, TARGET, 0.05];
const RANGE = [0.008, 0.06];
const PEERS = [
  'slicer-kv',
  'slicer-kv-both',
  'slicer',
  'kivi',
  'cachegen',
  'nncodec',
  'rans',
  'q8_0',
  'q4_0',
  'block-int',
];
/** Step of the values over that of the keys; values matter more. */
const RATIOS = [0.3, 0.45, 0.7];
const WORDS = 49152;
const CALIBRATION = 30;

/** The network in three parts, with keys and values exposed between them. */
export class Parts {
  constructor(files) {
    this.files = files;
    this.sessions = [];
  }

  async run(part, inputs) {
    this.sessions[part] ??= await open(this.files[part] ?? exportModel(`smollm2_kv_${part}`));
    return this.sessions[part].run(inputs);
  }

  /** Runs one passage; `code(block, { k, v })` may replace keys and values on the way. Resolves with the logits. */
  async pass(ids, code) {
    let state = { input_ids: new ort.Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]) };
    for (const [part, block] of BLOCKS.entries()) {
      state = { ...(await this.run(part, state)) };
      const kinds = Object.fromEntries(
        KINDS.map((kind) => {
          const { data, dims } = state[`${kind}${block}`];
          return [kind, { data, dims: [...dims] }];
        }),
      );
      const coded = await code(block, kinds);
      for (const kind of KINDS) {
        state[`${kind}${block}`] = new ort.Tensor('float32', coded[kind], kinds[kind].dims);
      }
    }
    return (await this.run(2, state)).logits.data;
  }
}

/** A setting for keys and the one that goes with it for values. */
function forValues(setting, ratio) {
  if (setting.step !== undefined) return { ...setting, step: Number((setting.step * ratio).toPrecision(6)) };
  if (setting.qp !== undefined) return { ...setting, qp: setting.qp + Math.round(4 * Math.log2(ratio)) };
  if (setting.budget?.step) return { ...setting, budget: { step: setting.budget.step * ratio } };
  return ratio < 1 && setting.bits ? { ...setting, bits: setting.bits + 1 } : setting;
}

/** A peer that codes all four tensors of a passage. */
function forKv(peer) {
  const variants = peer.variants.flatMap(({ label, ladder, all }) =>
    (all ? [0.6, 1] : RATIOS).map((ratio) => ({
      label: `${label}${label ? ', ' : ''}${all ? (ratio < 1 ? 'values one bit more' : 'same bits') : `step of values x ${ratio}`}`,
      all,
      ladder: (statistics) => ladder(statistics).map((setting) => ({ k: setting, v: forValues(setting, ratio) })),
    })),
  );
  const unique = variants.filter((v, i) => !(v.all && peer.variants[0].ladder({ rms: 1 }).length === 1 && i > 0));
  return { ...peer, variants: unique };
}

/** Judges passages through the three parts; in place of `judge` it measures a peer as a whole. */
class KvJudge {
  constructor({ parts, passages, id, calibration }) {
    Object.assign(this, { parts, passages, id, calibration });
    // Only the number of items is asked for.
    this.stack = { dims: [passages.length, passages[0].ids.length, 192], data: new Float32Array(0) };
    this.reference = [];
  }

  async measure(peer, setting, { python }) {
    const result = { bytes: [], kl: [], agreement: [] };
    for (const [i, { ids }] of this.passages.entries()) {
      this.reference[i] ??= (await this.parts.pass(ids, (_, { k, v }) => ({ k: k.data, v: v.data }))).slice();
      let bytes = 0;
      const logits = await this.parts.pass(ids, async (block, kinds) => {
        const known = Object.fromEntries(KINDS.map((kind) => [kind, this.calibration[`${kind}${block}`]]));
        if (peer.runBoth) {
          const both = await peer.runBoth(kinds, setting, known);
          bytes += both.bytes;
          return both;
        }
        const result = {};
        for (const kind of KINDS) {
          const context = { python, calibration: known[kind] };
          const coded = await peer.run(kinds[kind], { ...setting[kind], kind }, context);
          bytes += coded.bytes[0];
          result[kind] = coded.data;
        }
        return result;
      });
      const { kl, agreement } = divergence(this.reference[i], logits, WORDS);
      result.bytes.push(bytes);
      result.kl.push(Number(kl.toPrecision(6)));
      result.agreement.push(Number(agreement.toPrecision(6)));
    }
    return result;
  }
}

/** Keys and values of calibration passages: what calibrated peers and the ladders know. */
export async function learn(parts, passages, say) {
  const found = {};
  for (const [i, { ids }] of passages.entries()) {
    say(`keys and values, calibration passage ${i + 1}/${passages.length}`);
    await parts.pass(ids, (block, kinds) => {
      for (const [kind, { data, dims }] of Object.entries(kinds)) {
        const name = `${kind}${block}`;
        found[name] ??= {
          data: new Float32Array(passages.length * data.length),
          dims: [passages.length, ...dims.slice(1)],
        };
        found[name].data.set(data, i * data.length);
      }
      return { k: kinds.k.data, v: kinds.v.data };
    });
  }
  return Object.fromEntries(
    Object.entries(found).map(([name, stack]) => [name, { cut: name, stack, statistics: statisticsOf(stack) }]),
  );
}

/** Runs the study; resolves with rows, musts and Markdown. */
export async function kvStudy({ text, store, python, wantedPeers, quick, say, cache, kvModels }) {
  if (!text) return { musts: [], about: [], markdown: 'Left out: no --text DIR.' };
  const { test, calibration: source } = passagesOf(text, cache);
  const parts = new Parts(kvModels ?? []);
  const calibration = await learn(
    parts,
    source.filter((_, i) => i % Math.ceil(source.length / CALIBRATION) === 0),
    say,
  );
  const passages = quick ? test.filter((_, i) => i % 3 === 0) : test;
  const sum = createHash('sha256').update(JSON.stringify(passages)).digest('hex').slice(0, 8);
  const judge = new KvJudge({
    parts,
    passages,
    calibration,
    id: `${basename(resolve(text))}-${sum} | kv ${BLOCKS.join('+')}`,
  });
  const names = PEERS.filter((name) => !wantedPeers || wantedPeers.includes(name));
  const { peers, missing } = await loadPeers(names, python);
  const context = {
    judge,
    learn: new KvJudge({ parts, passages: source.filter((_, i) => i % 10 === 3), calibration, id: `kv-learn-${sum}` }),
    // The ladders are those of the keys of the first block.
    calibration: calibration[`k${BLOCKS[0]}`],
    store,
    python,
    say,
    quick,
    range: RANGE,
    dear: true,
    key: ['kv'],
  };
  const rows = [];
  for (const peer of peers) {
    try {
      rows.push({ cut: 'kv', ...(await compare(forKv(peer), context, LEVELS)) });
    } catch (error) {
      missing.push({ name: peer.name, why: error.message });
    }
  }
  return { ...report(rows, missing, passages.length), curves: plain(rows) };
}

function report(rows, missing, count) {
  const values = 4 * 128 * 192;
  const bits = (bytes) => (bytes ? digits((8 * bytes) / values, 2) : 'not reached');
  const order = (row) => row.readings[TARGET].bytes ?? Number.POSITIVE_INFINITY;
  const body = [...rows]
    .sort((a, b) => order(a) - order(b))
    .map(({ peer, variant, readings, nearest }) => [
      peer.name,
      peer.class,
      variant ?? `nearest: ${bits(nearest.bytes)} at KL ${nearest.kl.toPrecision(2)}`,
      ...LEVELS.map((level) => bits(readings[level].bytes)),
      readings[TARGET].interval?.map(bits).join('–') ?? '–',
    ]);
  const head = [
    'codec',
    'class',
    'best of its sweep',
    ...LEVELS.map((level) => `bit/value at KL ${level}`),
    `95 % at ${TARGET}`,
  ];
  const lost = missing.length > 0 ? `\n\nMissing:\n\n${missing.map((m) => `- ${m.name}: ${m.why}`).join('\n')}` : '';
  const title = `### Keys and values of blocks ${BLOCKS.join(' and ')}, ${count} passages of 128 tokens, all tokens counted`;
  const about = [...new Set(rows.map((row) => `${row.peer.name}: ${row.peer.about}`))];
  return { markdown: `${title}\n\n${table(head, body)}${lost}`, musts: musts(rows, values), about };
}

/** What calibrated rows of ours have to show. */
function musts(rows, values) {
  const bytesOf = (row) => row.readings[TARGET].bytes ?? Number.POSITIVE_INFINITY;
  const [best] = rows
    .filter(({ peer }) => peer.ours && peer.class === 'calibrated')
    .sort((a, b) => bytesOf(a) - bytesOf(b));
  if (!best?.readings[TARGET].bytes) return [];
  const name = `keys and values, calibrated: ${best.peer.name}`;
  const list = [must(`${name}, bit/value at KL ${TARGET}`, (8 * bytesOf(best)) / values, '<= 1.7')];
  const kivi = rows.find((row) => row.peer.name === 'KIVI-like');
  if (kivi?.readings[TARGET].bytes) list.push(must(`${name} / KIVI-like`, bytesOf(best) / bytesOf(kivi), '<= 0.6'));
  return list;
}
