/** `cut.json`: what a folder of parts says about itself. Whoever runs a part reads it to know what arrives and leaves. */
import { SlicerError } from '../codec/errors.js';
import type { OpenDim } from './tensors.js';

/** A tensor that crosses a cut. */
export interface LinkTensor {
  readonly name: string;
  /** Element type by ONNX Runtime's name, `'float32'`. */
  readonly type: string;
  /** `null` where even the rank is unknown. */
  readonly dims: readonly OpenDim[] | null;
  /** Whether the tensor is an output of the whole model, too: then it leaves from the part that computes it. */
  readonly output?: true;
}

/** One input or output of a part. */
export interface PartValue {
  readonly name: string;
  readonly type: string | null;
  readonly dims: readonly OpenDim[] | null;
}

/** One part of a split model. */
export interface PartDescription {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The file that holds the part's external weights, if it has any. */
  readonly data: string | null;
  readonly inputs: readonly PartValue[];
  readonly outputs: readonly PartValue[];
}

/** The outcome of a check of the parts against the whole model. */
export interface Verification {
  /** Largest absolute difference over all outputs and inputs. */
  readonly maxDifference: number;
  /** Largest absolute value of the whole model's outputs. */
  readonly maxOutput: number;
  /** Inputs that were run: random ones, and those the caller supplied. */
  readonly runs: { readonly random: number; readonly supplied: number };
  /** Sizes of the inputs that were used first. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** Sizes of the tensors that crossed the cuts then. */
  readonly dims: Readonly<Record<string, readonly number[]>>;
  readonly ok: boolean;
}

/** The contents of `cut.json`. */
export interface SplitDescription {
  readonly format: 'slicer-cut';
  readonly version: 2;
  readonly model: { readonly file: string; readonly bytes: number; readonly sha256: string };
  /** The cuts in the order of the data; every one is the tensors that cross there. */
  readonly cuts: readonly { readonly tensors: readonly LinkTensor[] }[];
  /** Head, middles, tail: one more than cuts. */
  readonly parts: readonly PartDescription[];
  /** `null` when the check was left out. */
  readonly verification: Verification | null;
}

/**
 * Checks what was parsed from a `cut.json`.
 *
 * @throws SlicerError `bad_cut` naming the field.
 */
export function readDescription(json: unknown): SplitDescription {
  const found = json as Partial<SplitDescription> | null;
  if (typeof found !== 'object' || found === null || found.format !== 'slicer-cut')
    throw bad('format is not slicer-cut');
  if (found.version !== 2) throw bad(`version is ${String(found.version)}, and this release reads version 2`);
  const { cuts, parts } = found;
  if (!Array.isArray(cuts) || cuts.length === 0) throw bad('cuts is no list, or an empty one');
  if (!Array.isArray(parts) || parts.length !== cuts.length + 1) throw bad('parts must be one more than cuts');
  cuts.forEach((cut, i) => {
    if (!Array.isArray(cut?.tensors) || cut.tensors.length === 0) throw bad(`cuts[${i}].tensors is no list, or empty`);
    cut.tensors.forEach((tensor: Partial<LinkTensor>, k: number) => {
      if (typeof tensor?.name !== 'string') throw bad(`cuts[${i}].tensors[${k}].name is no string`);
      if (typeof tensor.type !== 'string') throw bad(`cuts[${i}].tensors[${k}].type is no string`);
    });
  });
  parts.forEach((part: Partial<PartDescription>, i) => {
    // The file is opened by this name: it must not lead out of the folder.
    for (const key of ['file', 'data'] as const) {
      const name: unknown = part?.[key];
      if (key === 'data' && name === null) continue;
      if (typeof name !== 'string' || /[\\/]|^\.\.?$|^$/.test(name)) throw bad(`parts[${i}].${key} is no file name`);
    }
    if (!Array.isArray(part.inputs) || !Array.isArray(part.outputs))
      throw bad(`parts[${i}] lists no inputs or outputs`);
  });
  return found as SplitDescription;
}

function bad(why: string): SlicerError {
  return new SlicerError('bad_cut', `This is no cut.json: ${why}.`, { advice: 'Make it with `slicer split`.' });
}
