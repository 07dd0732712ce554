/** `slicer calibrate --features F.npy… -o P.slcp`: a profile for one cut of one model. */
import type { CalibrateReport, Metric } from '../calibrate/index.js';
import { SlicerError } from '../codec/errors.js';
import type { DType, Layout, Tensor } from '../codec/types.js';
import { readNpy } from '../npy/index.js';
import { readInput, writeOutput } from './files.js';
import { type CommonOptions, columns, count, Reporter, safe, short } from './report.js';

/** Flags of `calibrate`. */
export interface CalibrateFlags extends CommonOptions {
  features?: string[];
  inputs?: string[];
  second?: string[];
  model?: string;
  tensor?: string;
  logits?: string;
  out: string;
  metric?: Metric;
  share?: number;
  amortise?: number;
  rank?: number;
  layout?: Layout;
  dtype?: DType;
  forceTransform?: boolean;
  run: boolean;
}

export async function calibrateCommand(flags: CalibrateFlags): Promise<void> {
  const reporter = new Reporter(flags, flags.out);
  // Running a model takes a while: always announced.
  reporter.size(Number.POSITIVE_INFINITY);
  if ((flags.features === undefined) === (flags.inputs === undefined)) {
    throw new SlicerError('invalid_option', 'Give either --features or --inputs.', {
      advice: '--features are tensors at the cut, --inputs what the whole model takes.',
    });
  }
  const { calibrate, externalReader, runHead, writeProfile } = await import('../calibrate/index.js');
  const { loadModel } = await import('../onnx/index.js');
  const loaded = flags.model === undefined ? undefined : await loadModel(flags.model);
  if (flags.inputs && (!loaded || flags.tensor === undefined)) {
    throw new SlicerError('invalid_option', '--inputs needs --model and --tensor.', {
      advice: 'Name the whole model and the tensor it is cut at.',
    });
  }
  const files = (paths: readonly string[]) => tensors(paths, flags.dtype);
  const features = flags.features
    ? files(flags.features)
    : runHead(loaded!.model, flags.tensor!, files(flags.inputs ?? []));
  let stage = '';
  const { parts, report } = await calibrate({
    features,
    second: flags.second && files(flags.second),
    layout: flags.layout,
    model: loaded?.model,
    modelPath: flags.model,
    external: loaded && externalReader(loaded.folder),
    tensor: flags.tensor,
    output: flags.logits,
    metric: flags.metric,
    share: flags.share,
    amortise: flags.amortise,
    rank: flags.rank,
    forceTransform: flags.forceTransform,
    runTail: flags.run ? undefined : false,
    progress: (text, done, total) => {
      if (text !== stage) reporter.stage(text);
      else reporter.progress(text, done, total);
      stage = text;
    },
  });
  const { bytes, id } = await writeProfile(parts);
  await writeOutput(flags.out, [bytes]);
  reporter.clear();
  for (const warning of report.warnings) reporter.warn(safe(warning));
  reporter.result({ command: 'calibrate', output: flags.out, bytes: bytes.length, id, report }, [
    ...describe(report),
    `wrote ${flags.out}: ${count(bytes.length)} B, profile ${id}`,
  ]);
}

async function* tensors(paths: readonly string[], dtype: DType | undefined): AsyncGenerator<Tensor> {
  for (const path of paths) {
    try {
      yield readNpy(await readInput(path), { dtype });
    } catch (error) {
      // Several files are given: say which.
      if (!(error instanceof SlicerError) || error.message.includes(path)) throw error;
      const { code, offset, advice } = error;
      throw new SlicerError(code, `${path}: ${error.message}`, { offset, advice, cause: error });
    }
  }
}

function describe(r: CalibrateReport): string[] {
  const { readers } = r.metric;
  const read = readers.map((one) => `${safe(one.node)} (${one.op}, ${short(Math.round(1000 * one.share) / 10)} %)`);
  const damage = r.judge === 'kl' ? 'KL of the answers' : 'weighted error';
  const ratio = (x: number | null) => (x === null ? '-' : x.toFixed(3));
  const second = r.secondInputs > 0;
  const table = r.outcomes.map((o) => [
    `  ${o.name === r.chosen ? '*' : ' '} ${o.name}`,
    count(o.profileBytes),
    o.bytes === null ? '-' : count(Math.round(o.bytes)),
    ratio(o.ratio),
    ...(second ? [ratio(o.secondRatio)] : []),
    o.breakEvenFrames === null ? 'never' : count(o.breakEvenFrames),
    Number.isFinite(o.bytesPerFrame) ? count(Math.round(o.bytesPerFrame)) : '-',
  ]);
  const head = ['tools', 'profile B', 'frame B', 'ratio', ...(second ? ['second'] : []), 'break-even', 'with profile'];
  return [
    ...columns([
      [
        'inputs',
        `${count(r.inputs)}, of which ${count(r.heldOut)} held out${second ? `; ${count(r.secondInputs)} of a second source` : ''}`,
      ],
      ['features', `${count(r.channels)} channels, planes ${r.height} × ${r.width}`],
      [
        'metric',
        `${r.metric.kind}${r.metric.fallback ? ' (fallback)' : ''}${read.length > 0 ? `: ${read.join(', ')}` : ''}`,
      ],
      ['judged by', `${damage}${r.notRun === undefined ? '' : ` (the model was not run: ${safe(r.notRun)})`}`],
    ]),
    `bytes of a frame at equal damage (${r.judge === 'kl' ? 'KL' : 'error'} ${r.target}) on the held-out inputs; with its share of the profile for ${count(r.amortise)} frames`,
    ...columns([[`    ${head[0]}`, ...head.slice(1)], ...table], new Set(head.map((_, i) => i).slice(1))),
  ];
}
