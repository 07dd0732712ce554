/** `slicer cut MODEL.onnx TENSOR -o DIR`: head.onnx, tail.onnx and cut.json for one tensor. */
import { type CommonOptions, columns, count, Reporter, safe, short } from './report.js';

/** Flags of `cut`. */
export interface CutFlags extends CommonOptions {
  out: string;
  verify: boolean;
  /** Sizes per input, for the check. */
  inputShape?: Record<string, number[]>;
}

export async function cutCommand(model: string, tensor: string, flags: CutFlags): Promise<void> {
  const reporter = new Reporter(flags);
  // Reading a model and running it takes a while: always announced.
  reporter.size(Number.POSITIVE_INFINITY);
  // The model reader is large; the other commands do without it.
  const { cutFile } = await import('../onnx/index.js');
  const progress = (stage: string) => reporter.stage(stage);
  const options = { verify: flags.verify, inputShapes: flags.inputShape, progress };
  const { description, files } = await cutFile(model, tensor, flags.out, options);
  const { head, tail, verification } = description;
  const check = verification
    ? `head and tail give the model's outputs, largest difference ${short(verification.maxDifference)}`
    : 'not checked (--no-verify)';
  reporter.result({ command: 'cut', files, ...description }, [
    `cut at ${safe(description.tensor.name)}: ${description.tensor.type ?? 'unknown type'} [${(description.tensor.dims ?? []).join(', ')}]`,
    ...columns(
      [
        ['  head', head.file, `${count(head.bytes)} B`],
        ['  tail', tail.file, `${count(tail.bytes)} B`],
      ],
      new Set([2]),
    ),
    check,
    ...files.map((file) => `wrote ${file}`),
  ]);
}
