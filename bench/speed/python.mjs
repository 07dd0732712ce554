// The peers that live in Python, on the same frames: native libraries, timed within their process by its CPU time.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readNpy } from 'slicer-codec/npy';
import { PythonPeers } from '../rate/python.mjs';
import { stepOf } from './settings.mjs';

/** SZ3 with a bound of half a step errs no more than rounding to the nearest level; the modes are those of bench/rate. */
const SZ3 = [
  ['interpolation', { algorithm: 'interpolation-lorenzo' }],
  ['Lorenzo or regression', { algorithm: 'lorenzo-regression' }],
  ['no prediction', { algorithm: 'no-prediction' }],
  ['Lorenzo or regression, one line', { algorithm: 'lorenzo-regression', flat: true }],
].map(([mode, setting]) => ({
  codec: `SZ3, ${mode}`,
  peer: 'sz3',
  setting: (step) => ({ ...setting, bound: step / 2 }),
}));

/** The quantiser parameter at which nncodec's error is about that of a step; as the time study of bench/rate has it. */
const NNCODEC = [
  {
    codec: 'nncodec, trellis',
    peer: 'nncodec',
    setting: (step) => ({ dq: true, lambda: 0, qp: Math.round(4 * Math.log2(step / 0.9)) - 2 }),
  },
];

/** Starts Python; `rounds(files)` gives a function like the native program's `round`, `missing` says what is not there. */
export async function pythonPeers({ cache, say }) {
  const python = new PythonPeers({ cache, say });
  const there = await python.list();
  const all = [...SZ3, ...NNCODEC];
  const missing = [...new Set(all.map(({ peer }) => peer))]
    .filter((peer) => !there[peer]?.about)
    .map((name) => ({ name, why: there[name]?.missing ?? python.why ?? 'no such peer in Python' }));
  const peers = all.filter(({ peer }) => there[peer]?.about);
  const about = [...new Set(peers.map(({ peer }) => there[peer].about))];
  const rounds = (files) => {
    const cases = files.map((file) => {
      const { data, dims } = readNpy(new Uint8Array(readFileSync(file)));
      // One item: the images of a batch side by side, as planes.
      const [images, channels, ...plane] = dims;
      const stack = { data, dims: [1, images * channels, ...plane] };
      return { name: basename(file, '.npy'), stack, step: stepOf(data) };
    });
    return async () => {
      const rows = [];
      for (const { name, stack, step } of cases) {
        for (const { codec, peer, setting } of peers) {
          const result = await python.run(peer, stack, setting(step));
          const [encode, decode] = [1e6 * result.encodeMs, 1e6 * result.decodeMs];
          rows.push({ case: name, codec, values: stack.data.length, bytes: result.bytes[0], encode, decode });
        }
      }
      return rows;
    };
  };
  return { missing, about, rounds, close: () => python.close() };
}
