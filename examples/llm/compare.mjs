// The same prompt without the codec, and the codec along the very same tokens.
// Not a public entry of the package yet.
import { divergence } from '../../sdk/dist/esm/eval/kl.js';
import { CodedLink, PlainLink } from './link.mjs';
import { answer, firstDifference } from './loop.mjs';

/**
 * How a coded run's answer compares with the whole network's. Texts part for good at the first token that differs, so the
 * divergence is taken along the tokens of the run without the codec, with the same body lost.
 */
export async function compare(model, settings, prompt, run, drop) {
  const tokens = run.ids.length;
  const reference = [];
  const plain = await answer(model, new PlainLink(), prompt, { tokens, onLogits: (logits) => reference.push(logits) });
  const link = new CodedLink(model.width, settings);
  let [kl, agreement] = [0, 0];
  const onLogits = (logits, i) => {
    const found = divergence(reference[i], logits);
    kl += found.kl;
    agreement += found.agreement;
  };
  const forced = await answer(model, link, prompt, { tokens: plain.ids.length, forced: plain.ids, drop, onLogits });
  link.free();
  const different = firstDifference(run.ids, plain.ids);
  const { length } = forced.ids;
  const comparison = { tokens: length, firstDifference: different, kl: kl / length, agreement: agreement / length };
  return { ids: plain.ids, comparison };
}
