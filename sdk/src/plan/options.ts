/** Every option of a question with its costs: each cut under each setting, each form of the input, and the device alone. */
import type { Option, Place, PlanProblem, Quality, Terms } from './types.js';

/** Nothing was changed: the answers are the unsplit network's own. */
const EXACT: Quality = { kl: 0, loss: 0 };

/** Lists the options; those of excluded kinds are left out. */
export function listOptions({ model, place, exclude = [] }: PlanProblem): Option[] {
  const options: Option[] = [];
  // Codec times were measured where the model takes `referenceMs`: they shrink and grow as the model's own.
  const onDevice = model.referenceMs ? place.deviceMs / model.referenceMs : 1;
  const onServer = model.referenceMs ? place.serverMs / model.referenceMs : 1;
  if (!exclude.includes('local')) {
    const terms = { head: place.deviceMs, encode: 0, uplink: 0, rtt: 0, decode: 0, tail: 0, answer: 0 };
    options.push(made('local', terms, 0, model.memoryBytes, EXACT));
  }
  if (!exclude.includes('input')) {
    for (const form of model.forms) {
      const stages = { encode: (form.encodeMs ?? 0) * onDevice, decode: (form.decodeMs ?? 0) * onServer };
      const terms = { head: 0, tail: place.serverMs, ...stages, ...travel(place, form.bytes) };
      const sent = form.bytes + (place.overheadBytes ?? 0);
      options.push({ ...made('input', terms, sent, form.bytes, form.quality), setting: form.form });
    }
  }
  if (!exclude.includes('split')) {
    for (const cut of model.cuts) {
      for (const point of cut.points) {
        const terms = {
          head: place.deviceMs * cut.headShare,
          encode: point.encodeMs * onDevice,
          decode: point.decodeMs * onServer,
          tail: place.serverMs * (1 - cut.headShare),
          ...travel(place, point.bytes),
        };
        const sent = point.bytes + (place.overheadBytes ?? 0);
        const option = made('split', terms, sent, cut.memoryBytes, point.quality);
        options.push({ ...option, cut: cut.name, setting: point.setting });
      }
    }
  }
  return options;
}

/** Milliseconds on the link for a payload and its answer. */
export function travel(place: Place, payload: number): Pick<Terms, 'uplink' | 'rtt' | 'answer'> {
  const overhead = place.overheadBytes ?? 0;
  const back = (place.answerBytes ?? 0) + overhead;
  return {
    uplink: (8000 * (payload + overhead)) / place.uplink,
    rtt: place.rtt,
    answer: place.downlink === undefined ? 0 : (8000 * back) / place.downlink,
  };
}

function made(
  kind: Option['kind'],
  terms: Terms,
  bytes: number,
  memoryBytes: number | undefined,
  quality: Quality,
): Option {
  const latencyMs = Object.values(terms).reduce((a, b) => a + b, 0);
  return { kind, terms, latencyMs, serverMs: terms.decode + terms.tail, bytes, memoryBytes, quality };
}
