/** `slicer encode IN.npy OUT.slcr`: one array in, one standalone frame out. */
import type { DType, EncodeOptions, EncodeReport } from '../codec/types.js';
import { encode } from '../entry/index.js';
import { readNpy } from '../npy/index.js';
import { type BudgetFlags, budgetOf } from './budget.js';
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
  const { bytes, report } = encode(tensor, { budget, mode, effort, layout, granularity, profile });
  reporter.stage(`writing ${output}`);
  await writeOutput(output, [bytes]);
  const { type, dims } = tensor;
  reporter.clear();
  for (const warning of report.warnings) reporter.warn(warning);
  reporter.result({ command: 'encode', input, output, type, dims, budget, report }, [
    `${input}: ${type} [${dims.join(', ')}], ${count(report.rawBytes)} B of values`,
    `${output}: ${count(report.bytes)} B, ${short(report.ratio)} times smaller, ${short(report.bitsPerValue)} bits per value`,
    ...describe(report),
  ]);
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
