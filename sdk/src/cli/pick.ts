/** Choosing one tensor out of a container, and decoding it. */
import { SlicerError } from '../codec/errors.js';
import type { DecodedTensor, DecodeOptions } from '../codec/types.js';
import { type Container, type ContainerEntry, readContainer, recoverContainer } from '../container/index.js';
import * as codec from '../entry/index.js';
import { nearestNames } from '../onnx/names.js';
import { count, type Reporter, safe } from './report.js';

/** How a tensor is chosen. */
export interface PickFlags {
  tensor?: string;
  step?: number;
  recover?: boolean;
}

const SHOWN = 10;

/** Reads a container; with `recover`, keeps what is whole and says what was lost. */
export function openBytes(bytes: Uint8Array, recover: boolean | undefined, reporter: Reporter): Container {
  if (!recover) return readContainer(bytes);
  const found = recoverContainer(bytes);
  if (found.recovered) {
    const { code, message } = found.error!;
    reporter.warn(
      `recovered: kept ${count(found.keptBytes)} B, dropped ${count(found.droppedBytes)} B from there on (${code}: ${message})`,
    );
  }
  return found.container;
}

/** The one body or frame that the flags leave. */
export function pick(container: Container, flags: PickFlags): ContainerEntry {
  const all = [...container.entries('body', 'frame')];
  if (all.length === 0) {
    throw new SlicerError('bad_container', 'The container holds no tensor.', { advice: 'See slicer inspect.' });
  }
  if (flags.tensor !== undefined && !container.names.includes(flags.tensor)) throw unknownName(container, flags.tensor);
  const named = all.filter((e) => flags.tensor === undefined || container.nameOf(e.tensor) === flags.tensor);
  const left = named.filter((e) => flags.step === undefined || e.step === flags.step);
  if (left.length === 1) return left[0];
  const message = left.length === 0 ? 'No tensor fits.' : `${count(left.length)} tensors fit.`;
  const list = left.length > 0 ? left : named;
  throw new SlicerError('unknown_tensor', message, {
    advice: `Choose with --tensor and --step: ${listed(container, list)}.`,
  });
}

function unknownName(container: Container, wanted: string): SlicerError {
  const near = nearestNames(wanted, container.names);
  const names = near.length > 0 ? near : container.names.slice(0, SHOWN);
  const known =
    names.length > 0 ? `There is ${names.map(safe).join(', ')}.` : 'Its tensors have no names: choose with --step.';
  return new SlicerError('unknown_tensor', `The container has no tensor named ${safe(wanted)}.`, { advice: known });
}

function listed(container: Container, entries: readonly ContainerEntry[]): string {
  const shown = entries.slice(0, SHOWN).map((e) => {
    const name = container.nameOf(e.tensor);
    return `${name === undefined ? '(no name)' : safe(name)} at step ${e.step}`;
  });
  const more = entries.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${count(more)} more` : '');
}

/** Decodes one entry of a container. */
export function decodeEntry(container: Container, entry: ContainerEntry, options: DecodeOptions): DecodedTensor {
  const bytes = container.read(entry);
  if (entry.kind === 'frame') return codec.decode(bytes, options);
  return decodeBody(container.setup(entry.setup), bytes, options);
}

function decodeBody(setup: Uint8Array, body: Uint8Array, options: DecodeOptions): DecodedTensor {
  const decoder = new codec.StreamDecoder(setup, options);
  try {
    return decoder.decode(body);
  } finally {
    decoder.free();
  }
}
