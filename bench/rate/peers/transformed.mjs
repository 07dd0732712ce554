// A peer behind a transform: it codes coefficients instead of features. This is how "nncodec (b)" is fed what our own codec
// would quantise, so that what the transform brings is told apart from what the coder brings.

/**
 * @param peer a loaded peer; its settings are those it would use on the coefficients
 * @param transform `{ name, class, forward(stack) → stack of coefficients, inverse(data, stack) → data }`; what it needs beside
 *   the stream (a profile) is named in its class and counted elsewhere
 */
export function transformed(peer, transform) {
  return {
    ...peer,
    name: `${peer.name} (b), fed ${transform.name}`,
    class: transform.class,
    version: `${peer.version} ${transform.version}`,
    prepare: (stack) => transform.forward(stack),
    run: async (stack, setting, context) => {
      const coefficients = await transform.forward(stack);
      const result = await peer.run(coefficients, setting, context);
      return { ...result, data: await transform.inverse(result.data, stack) };
    },
  };
}
