/** `slicer encode IN.npy OUT.slcr`: one array in, one standalone frame out. */
import type { Budget, DType, EncodeOptions, EncodeReport, Tensor } from '../codec/types.js';
import { encode } from '../entry/index.js';
import { encodeWithinKl, type MeasuredFrame } from '../eval/within.js';
import { readNpy } from '../npy/index.js';
import { nodeRunner } from '../runtime/ort-node.js';
import { type BudgetFlags, budgetOf, isMeasured, type MeasuredKl } from './budget.js';
import { readInput, writeOutput } from './files.js';
import { type CommonOptions, columns, count, Reporter, short } from './report.js';

/** Flags of `encode`. */
export interface EncodeFlags extends BudgetFlags, CommonOptions {
  mode?: EncodeOptions['mode'];
  effort?: EncodeOptions['effort'];
  layout?: EncodeOptions['layout'];
  granularity?: EncodeOptions['granularity'];
  dtype?: DType;
  profile?: string;
}

export async function encodeCommand(input: string, output: string, flags: EncodeFlags): Promise<void> {
  const budget = budgetOf(flags);
  const reporter = new Reporter(flags, output);
  reporter.stage(`reading ${input}`);
  const file = await readInput(input);
  reporter.size(file.length);
  const tensor = readNpy(file, { dtype: flags.dtype });
  const profile = flags.profile === undefined ? undefined : await readInput(flags.profile);
  reporter.stage(`encoding ${count(tensor.size)} values`);
  const { mode, effort, layout, granularity } = flags;
  const options = { mode, effort, layout, granularity, profile };
  const measured = isMeasured(budget) ? await withTail(budget, tensor, options) : undefined;
  const { bytes, report } = measured ?? encode(tensor, { budget: budget as Budget, ...options });
  reporter.stage(`writing ${output}`);
  await writeOutput(output, [bytes]);
  const { type, dims } = tensor;
  reporter.clear();
  for (const warning of report.warnings) reporter.warn(warning);
  const judged = measured && { kl: measured.kl, agreement: measured.agreement, tries: measured.tries };
  reporter.result({ command: 'encode', input, output, type, dims, budget, measured: judged, report }, [
    `${input}: ${type} [${dims.join(', ')}], ${count(report.rawBytes)} B of values`,
    `${output}: ${count(report.bytes)} B, ${short(report.ratio)} times smaller, ${short(report.bitsPerValue)} bits per value`,
    ...(measured
      ? [
          `answers: KL ${short(measured.kl)} nats, ${short(100 * measured.agreement)} % the same, after ${measured.tries} tries`,
        ]
      : []),
    ...describe(report),
  ]);
}

/** Encodes within a measured KL of the first output of a tail, whose last axis holds the classes. */
async function withTail(
  { measuredKl: kl, tail }: MeasuredKl,
  tensor: Tensor,
  options: Omit<EncodeOptions, 'budget'>,
): Promise<MeasuredFrame> {
  const runner = await nodeRunner(tail);
  try {
    const [{ name }] = runner.inputs;
    const run = async (given: Tensor) => Object.values(await runner.run({ [name]: given }))[0];
    const reference = await run(tensor);
    const answers = async (given: Tensor) => (given === tensor ? reference : await run(given)).data as Float32Array;
    return await encodeWithinKl(tensor, { kl, answers, classes: reference.dims[reference.dims.length - 1] }, options);
  } finally {
    await runner.close();
  }
}

function describe(r: EncodeReport): string[] {
  const { rows, channels, height, width } = r.layout;
  const sections = Object.entries(r.sections).map(([name, bytes]) => [`  ${name}`, `${count(bytes)} B`]);
  return [
    ...columns([
      ['mode', r.mode],
      ['tools', r.tools.join(', ') || 'none'],
      ['step', short(r.step)],
      ['NRMSE', `${short(r.nrmse)}, worst group ${short(r.worstGroupNrmse)}`],
      ['max error', short(r.maxError)],
      ['energy ratio', short(r.energyRatio)],
      ['layout', `${count(rows)} rows, ${count(channels)} channels, planes ${height} × ${width}`],
      ['time', `${count(Math.round(r.microseconds))} µs`],
    ]),
    'sections',
    ...columns(sections, new Set([1])),
  ];
}
