/** `slicer cuts MODEL.onnx`: where a model can be cut, what crosses there, what lies before and behind. */

import type { Survey, SurveyedCut } from '../onnx/index.js';
import { writeOutput } from './files.js';
import { type CommonOptions, columns, count, Reporter, safe, short } from './report.js';
import { readSupplied } from './supplied.js';

/** Flags of `cuts`. */
export interface CutsFlags extends CommonOptions {
  inputShape?: Record<string, number[]>;
  /** Most tensors of a cut; `true` where the flag stands alone. */
  multi?: number | true;
  samples?: string[];
  plot?: string;
  all?: boolean;
  from?: string[];
  to?: string[];
}

/** Tensors of a cut where `--multi` names no number. */
const MOST = 4;
/** Cuts of several tensors that are shown unless `--all` is given. */
const SHOWN = 20;

export async function cutsCommand(model: string, flags: CutsFlags): Promise<void> {
  const reporter = new Reporter(flags);
  reporter.size(Number.POSITIVE_INFINITY);
  // Fails early where the plot cannot be drawn: the survey may take minutes.
  const plot = flags.plot === undefined ? undefined : await (await import('./cuts-plot.js')).loadPlot();
  const { surveyFile } = await import('../onnx/index.js');
  const samples = flags.samples && (await readSupplied(flags.samples));
  const most = flags.multi === true ? MOST : (flags.multi ?? 1);
  const { inputShape: inputShapes, from, to } = flags;
  const progress = (stage: string) => reporter.stage(stage);
  const survey = await surveyFile(model, { inputShapes, most, samples, from, to, progress });
  if (plot && flags.plot !== undefined) {
    reporter.stage('drawing');
    await writeOutput(flags.plot, [new TextEncoder().encode(plot(survey, model))]);
  }
  const wrote = flags.plot === undefined ? [] : [`wrote ${flags.plot}`];
  reporter.result({ command: 'cuts', model, ...survey }, [...describe(model, survey, flags), ...wrote]);
}

function describe(model: string, survey: Survey, flags: CutsFlags): string[] {
  const { cuts, macs, parameters, weightBytes, inputs, inputBytes, barriers, advice } = survey;
  const single = cuts.filter((cut) => cut.tensors.length === 1);
  const several = cuts.filter((cut) => cut.tensors.length > 1);
  const shown = flags.all ? several : several.slice(0, SHOWN);
  const more = several.length - shown.length;
  const given = Object.entries(inputs).map(([name, dims]) => `${safe(name)} [${dims.join(', ')}]`);
  return [
    `${model}: ${short(macs / 1e6)} million multiply–accumulates, ${count(parameters)} parameters (${count(weightBytes)} B)`,
    `for the inputs ${given.join(', ')}: ${count(inputBytes)} B`,
    `${count(single.length)} cuts of one tensor; * is on the front of bytes against compute before the cut`,
    ...table(single, survey),
    ...(several.length > 0 ? [`${count(several.length)} cuts of several tensors, fewest bytes first`] : []),
    ...table(shown, survey),
    ...(more > 0 ? [`  … and ${count(more)} more (--all)`] : []),
    ...single
      .filter((cut) => cut.advice && (flags.all || cut.onFront))
      .map((cut) => `${safe(cut.name)}: ${safe(cut.advice!.text)}`),
    ...barriers.map(({ node, op, reason }) => `${op} '${safe(node)}': ${reason}`),
    ...advice.map((line) => safe(line)),
  ];
}

function table(cuts: readonly SurveyedCut[], { macs, parameters }: Survey): string[] {
  if (cuts.length === 0) return [];
  const sampled = cuts.some((cut) => cut.tensors.some((tensor) => tensor.statistics));
  const share = (part: number, whole: number) => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`);
  const head = [
    '  tensor',
    'op',
    'type',
    'dims',
    'bytes',
    'MACs before',
    'share',
    'parameters before',
    'behind',
    'better',
  ];
  const rows = cuts.flatMap((cut) =>
    cut.tensors.map((tensor, i) => {
      const first = i === 0;
      const s = tensor.statistics;
      return [
        `${first ? (cut.onFront ? '* ' : '  ') : '  + '}${safe(tensor.name)}`,
        first ? cut.op : '',
        tensor.type,
        tensor.dims.join(' × ') || '1',
        count(tensor.bytes),
        first ? count(cut.macsBefore) : '',
        first ? share(cut.macsBefore, macs) : '',
        first ? share(cut.parametersBefore, parameters) : '',
        first ? share(cut.parametersBehind, parameters) : '',
        first ? safe(cut.advice?.better ?? '') : '',
        ...(s ? [share(s.zeros, 1), short(s.meanAbs), short(s.rms), short(s.p99Abs), short(s.maxAbs)] : []),
      ];
    }),
  );
  const statistics = sampled ? ['zeros', 'mean |x|', 'RMS', '99 % of |x|', 'max |x|'] : [];
  return columns([[...head, ...statistics], ...rows], new Set([4, 5, 6, 7, 8, 10, 11, 12, 13, 14]));
}
