// The peers of `bench:rate`, each a file of its own. A peer is
//
//   { name, class, about, version?, variants: [{ label, ladder(statistics) | grid(statistics) → settings, all? }],
//     run(stack, setting, { python, calibration }) → { data, bytes: [per item], encodeMs?, decodeMs? },
//     suits?(cut, dims), cut?, thorough?, at?(context, peer) → the peer for one cut }
//
// or has, instead of `run`, `encode(tensor, setting) → bytes` and `decode(bytes, { dims }, setting) → Float32Array`. A decoder
// knows the dims and what is part of a format's name (the bits of an integer format, say), nothing else: what it needs beside
// them is in the bytes. `class` is one of self-contained, calibrated, calibrated with Fisher, input.
//
// A `ladder` goes from coarse to fine and is walked as far as the curve needs (`all`: every setting is measured); a `grid` is
// tuned on calibration tensors, and what no other setting beats there is measured on the test tensors. The best variant at
// the wanted quality is the peer's figure, chosen on the test tensors, which flatters it. Of a long sweep only what is best on
// calibration tensors is tested, unless the peer is `thorough`.
import { items } from '../stack.mjs';
import { fingerprint } from '../versions.mjs';

/** File names, which is what `--peers` takes: all that is compared on images. */
export const PEERS = [
  'slicer',
  'slicer-profile',
  'nncodec',
  'nncodec-b',
  'sz3',
  'zfp',
  'pcodec',
  'rans',
  'zstd',
  'group-int',
  'q8_0',
  'q4_0',
  'block-int',
  'hivemind',
  'hadamard',
  'literal-peer',
  'csr-rans',
  'threshold-split',
  'tiles',
  'input',
];

/** Runs `encode` and `decode` of a peer over a stack. */
function roundTrip(peer) {
  return (stack, setting) => {
    const data = new Float32Array(stack.data.length);
    const bytes = [];
    let spent = [0, 0];
    for (const [i, tensor] of items(stack).entries()) {
      const t0 = performance.now();
      const stream = peer.encode(tensor, setting);
      const t1 = performance.now();
      data.set(peer.decode(stream, { dims: tensor.dims }, setting), i * tensor.data.length);
      spent = [spent[0] + t1 - t0, spent[1] + performance.now() - t1];
      bytes.push(stream.length);
    }
    return { data, bytes, encodeMs: spent[0] / bytes.length, decodeMs: spent[1] / bytes.length };
  };
}

/** Short hash of the code that makes a peer's results: its file, or its Python side. */
function sourceOf(file, peer) {
  const path = peer.python ? `../python/peers/${peer.python}.py` : `./${file}.mjs`;
  return fingerprint(new URL(path, import.meta.url));
}

/** Loads peers by their file names: `{ peers, missing: [{ name, why }] }`. */
export async function loadPeers(names, python) {
  const [peers, missing] = [[], []];
  for (const file of names) {
    const { default: exported } = await import(`./${file}.mjs`);
    for (const peer of [exported].flat()) {
      const loaded = { ...peer, version: peer.version ?? sourceOf(file, peer) };
      if (!peer.at) loaded.run ??= roundTrip(peer);
      if (peer.python) {
        const there = (await python.list())[peer.python];
        if (!there?.about) {
          missing.push({ name: peer.name, why: there?.missing ?? python.why ?? 'no such peer in Python' });
          continue;
        }
        loaded.about = [there.about, peer.about].filter(Boolean).join('; ');
      }
      peers.push(loaded);
    }
  }
  return { peers, missing };
}

/** The peer as it is at one cut: some need a profile of it first. */
export async function settle(peer, context) {
  if (!peer.at) return peer;
  const settled = await peer.at(context, peer);
  return { ...settled, run: settled.run ?? roundTrip(settled) };
}
