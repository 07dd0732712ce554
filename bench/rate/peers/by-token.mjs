// A peer that codes every token of a passage on its own, as generation sends them.

/** The peer, a frame a token, without the variants that make no sense there; bytes are summed over the tokens of a passage. */
export function byToken(peer) {
  return {
    ...peer,
    name: `${peer.name}, single tokens`,
    single: true,
    variants: peer.variants.filter((variant) => !variant.wholeOnly),
    run: async ({ data, dims: [count, tokens, width] }, setting, context) => {
      const stack = { data, dims: [count * tokens, 1, width] };
      const result = await peer.run(stack, setting, context);
      const bytes = Array.from({ length: count }, (_, i) =>
        result.bytes.slice(i * tokens, (i + 1) * tokens).reduce((a, b) => a + b, 0),
      );
      return { ...result, bytes };
    },
  };
}
