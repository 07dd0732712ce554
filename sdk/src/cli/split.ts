/** `slicer split MODEL.onnx --at NAME[,NAME…] -o DIR`: the parts of a model and cut.json. */
import { type CommonOptions, columns, count, Reporter, safe, short } from './report.js';
import { readSupplied } from './supplied.js';

/** Flags of `split`. */
export interface SplitFlags extends CommonOptions {
  /** One list of tensors per cut, in the order of the data. */
  at: string[][];
  out: string;
  verify: boolean;
  /** Arrays to check with, `FILE` or `NAME=FILE`. */
  inputs?: string[];
  /** Sizes per input, for the check. */
  inputShape?: Record<string, number[]>;
  from?: string[];
  to?: string[];
}

export async function splitCommand(model: string, flags: SplitFlags): Promise<void> {
  const reporter = new Reporter(flags);
  // Reading a model and running it takes a while: always announced.
  reporter.size(Number.POSITIVE_INFINITY);
  // The model reader is large; the other commands do without it.
  const { splitFile } = await import('../onnx/index.js');
  const inputs = await readSupplied(flags.inputs ?? []);
  const { verify, inputShape: inputShapes, from, to } = flags;
  const progress = (stage: string) => reporter.stage(stage);
  const options = { verify, inputs, inputShapes, from, to, progress };
  const { description, files } = await splitFile(model, flags.at, flags.out, options);
  const { cuts, parts, verification } = description;
  const check = verification
    ? `the parts give the model's outputs: largest difference ${short(verification.maxDifference)} of values up to ${short(verification.maxOutput)}, on ${verification.runs.random} random and ${verification.runs.supplied} supplied inputs`
    : 'not checked (--no-verify)';
  reporter.result({ command: 'split', files, ...description }, [
    ...cuts.flatMap(({ tensors }, i) =>
      tensors.map(
        ({ name, type, dims }) =>
          `cut ${cuts.length > 1 ? `${i + 1} ` : ''}at ${safe(name)}: ${type} [${(dims ?? ['?']).map((size) => size ?? '?').join(', ')}]`,
      ),
    ),
    ...columns(
      parts.map((part) => [`  ${part.file}`, `${count(part.bytes)} B`, part.data ? `and ${part.data}` : '']),
      new Set([1]),
    ),
    check,
    ...files.map((file) => `wrote ${file}`),
  ]);
}
