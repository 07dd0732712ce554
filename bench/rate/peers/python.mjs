// What the peers that live in Python have in common.

/** A peer that the Python worker runs; see index.mjs for what a peer is. */
export function pythonPeer({ module, ...peer }) {
  return { ...peer, python: module, run: (stack, setting, { python }) => python.run(module, stack, setting) };
}
