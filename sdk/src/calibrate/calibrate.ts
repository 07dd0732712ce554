/** From features to a profile: fit on most of them, choose tools on the rest, fit again on all. */
import { SlicerError } from '../codec/errors.js';
import type { Layout } from '../codec/types.js';
import type { Graph } from '../onnx/index.js';
import { type Candidate, candidatesFor, cheapest, type Outcome, tryAll } from './choose.js';
import { codecOf } from './coder.js';
import type { Consumers, Reader, Stop } from './consumers.js';
import { type ChannelTransform, inputsNeeded, tooFew } from './engine.js';
import { channelsLast, type FeatureView, type Item } from './features.js';
import { fisherGram } from './fisher.js';
import { collect, type Features, type Gathered, gather } from './gather.js';
import { consumersOf, graphOf, type ModelSource, tailOf } from './model.js';
import { type CurvePoint, type ProfileParts, partsOf, type Tools } from './parts.js';
import type { Tail } from './tail.js';
import { type Coder, type Judge, judgeByMetric, judgeByTail, measure } from './trial.js';

/**
 * What an error is weighed by: the weights that read the tensor, nothing (plain covariance), or the tail's sensitivity by
 * finite differences, which takes a run of the tail per channel and input.
 */
export type Metric = 'weights' | 'covariance' | 'fisher';

/** Options of {@link calibrate}. */
export interface CalibrateOptions extends ModelSource {
  /** Tensors of the cut: [images, channels, height, width], [tokens, channels] or [sequences, tokens, channels]. */
  features: Features;
  /** Tensors of another source, on which the profile must not lose. */
  second?: Features;
  layout?: Layout;
  /** `weights` unless given: the weights that read the tensor, or plain covariance where there are none. */
  metric?: Metric;
  /** Share of the weights in the metric, 0…1; 0.6 unless given. */
  share?: number;
  /** Frames that will share the profile; 1000 unless given. */
  amortise?: number;
  /** Coefficients of the transform; all unless given. Fewer cannot be inverted: for budgets of task quality only. */
  rank?: number;
  /** Take a transform whatever the trials say. */
  forceTransform?: boolean;
  /** Most items that the trials look at; 40 unless given. */
  trialItems?: number;
  /** Told what is being done, for long work. */
  progress?: (stage: string, done: number, total: number) => void;
  /** Codes the trials; the codec of this package unless given. */
  coder?: Coder;
}

/** What a calibration found out. */
export interface CalibrateReport {
  channels: number;
  height: number;
  width: number;
  /** Rows that the profile rests on, and how many of them were held out for the choice. */
  inputs: number;
  heldOut: number;
  secondInputs: number;
  metric: {
    /** What was used: `covariance` is the stated fallback where no weights were found. */
    kind: Metric;
    fallback: boolean;
    readers: readonly Reader[];
    stops: readonly Stop[];
  };
  /** How much of the covariance was taken for noise. */
  shrinkage: number;
  /** What damage is measured by: KL of the model's answers, or the weighted error. */
  judge: Judge['kind'];
  /** Why the model was not run, where it was not. */
  notRun?: string;
  amortise: number;
  chosen: string;
  outcomes: readonly Outcome[];
  curve: readonly CurvePoint[];
  warnings: readonly string[];
}

/** Items that the trials look at. */
const TRIAL_ITEMS = 40;
/** Steps of the trials, in parts of the one in the middle. */
const SPREAD = [0.4, 0.6, 0.9, 1.35, 2];
/** Steps of the curve in the profile. */
const CURVE = [0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8];
/** The KL that the trials are centred on. */
const TARGET_KL = 0.02;
/** The weighted error that they are centred on where no model runs: an NRMSE of about 0.3. */
const TARGET_ERROR = 0.09;

/**
 * Computes a profile in closed form: no training, minutes at most. Every fifth input is held out; on those the tools are
 * chosen that cost least for `amortise` frames, the profile itself included.
 *
 * @throws SlicerError `too_few_inputs` (it says how many are needed), `non_finite`, `invalid_tensor`,
 *   `singular_transform`, `unknown_tensor`, `bad_onnx`.
 */
export async function calibrate(options: CalibrateOptions): Promise<{ parts: ProfileParts; report: CalibrateReport }> {
  const { share = 0.6, amortise = 1000, layout = 'auto' } = options;
  if (!(share >= 0 && share <= 1)) throw invalid('share', 'a number from 0 to 1');
  if (!(amortise >= 1)) throw invalid('amortise', 'a number from 1');
  const progress = options.progress ?? (() => {});
  const warnings: string[] = [];

  const gathered = await gather(options.features, layout, (done) => progress('reading features', done, 0));
  const { view, calibrator, held } = gathered;
  const second = options.second ? await collect(options.second, layout, view) : undefined;
  const plane = view.height * view.width;
  const statistics = calibrator.statistics();
  const total = statistics.rows + held.reduce((n, item) => n + item.rows, 0);
  if (held.length === 0 || statistics.rows < inputsNeeded(view.channels, plane, false)) {
    throw tooFew(total, Math.ceil((inputsNeeded(view.channels, plane, false) * 5) / 4));
  }

  const graph = graphOf(options);
  const { tail, why } = await tailOf(graph, held[0], options);
  try {
    const metric = await metricOf(options, gathered, graph && { graph, tail, why }, progress);
    if (metric.warning !== undefined) warnings.push(metric.warning);
    if (metric.gram) calibrator.setMetric(metric.gram, share);

    const needed = inputsNeeded(view.channels, plane, true);
    let transform: ChannelTransform | undefined;
    if (statistics.rows >= needed || options.forceTransform) {
      progress('computing the transform', 0, 0);
      transform = calibrator.transform(options.rank);
    } else {
      const enough = Math.ceil((needed * 5) / 4);
      warnings.push(`no transform: ${total} inputs were given, and ${enough} are needed for ${view.channels} channels`);
    }

    const items = held.slice(0, options.trialItems ?? TRIAL_ITEMS);
    const judge = tail ? judgeByTail(tail) : judgeByMetric(view, metric.gram, share, statistics.mean);
    const coder = options.coder ?? codecOf(view);
    const build = (tools: Tools) => partsOf(statistics, transform, tools);
    const base = await centre(items.slice(0, 8), view, judge, coder, statistics.sigma);
    const candidates = candidatesFor(view, transform !== undefined);
    const outcomes = await tryAll(candidates, {
      view,
      items,
      second: second?.slice(0, options.trialItems ?? TRIAL_ITEMS),
      judge,
      coder,
      build,
      bytesOf: profileBytes,
      steps: SPREAD.map((s) => s * base),
      amortise,
      progress: (done, all) => progress('trying tools', done, all),
    });
    const forceTransform = options.forceTransform ?? false;
    const best = cheapest(candidates, outcomes, { forceTransform, transformNeedsSecond: plane === 1 });
    const chosen: Candidate = candidates[Math.max(best, 0)];
    if (!chosen.tools) warnings.push('no tools win on the held-out inputs: the profile switches none on');
    const tools = chosen.tools ?? { transform: false, dct: false, frequencyWeight: false };

    const curve: CurvePoint[] = [];
    for (const [i, s] of tail ? CURVE.entries() : []) {
      progress('measuring the curve', i, CURVE.length);
      const { step, bytes, kl } = await measure(items, view, build(tools), s * base, coder, judge);
      curve.push({ step, bytes, kl });
    }

    // What was held out is as good for the final fit as the rest.
    for (const item of held) calibrator.add(item.data, plane, channelsLast(view));
    const all = calibrator.statistics();
    const final = tools.transform ? calibrator.transform(options.rank) : undefined;
    return {
      parts: partsOf(all, final, tools, curve),
      report: {
        channels: view.channels,
        height: view.height,
        width: view.width,
        inputs: all.rows,
        heldOut: all.rows - statistics.rows,
        secondInputs: second?.reduce((n, item) => n + item.rows, 0) ?? 0,
        metric: metric.report,
        shrinkage: all.shrinkage,
        judge: judge.kind,
        ...(why !== undefined && { notRun: why }),
        amortise,
        chosen: chosen.name,
        outcomes,
        curve,
        warnings,
      },
    };
  } finally {
    await tail?.close();
  }
}

/** What errors are weighed by, and what is said about it. */
async function metricOf(
  options: CalibrateOptions,
  gathered: Gathered,
  model: { graph: Graph; tail?: Tail; why?: string } | undefined,
  progress: NonNullable<CalibrateOptions['progress']>,
): Promise<{ gram?: Float64Array; report: CalibrateReport['metric']; warning?: string }> {
  const { view, samples } = gathered;
  if (options.metric === 'covariance') {
    return { report: { kind: 'covariance', fallback: false, readers: [], stops: [] } };
  }
  if (options.metric === 'fisher') {
    if (!model?.tail) {
      throw new SlicerError('invalid_option', `Metric fisher runs the model: ${model?.why ?? 'none was given'}.`, {
        advice: 'Give a tail that onnxruntime-node can run, or use metric weights.',
      });
    }
    const told = (done: number, all: number) => progress('finite differences', done, all);
    const gram = await fisherGram(model.tail, samples, view, told);
    return { gram, report: { kind: 'fisher', fallback: false, readers: [], stops: [] } };
  }
  progress('finding what reads the tensor', 0, 0);
  const consumers = model && (await consumersOf(model.graph, gathered, options));
  const { readers = [], stops = [], gram } = consumers ?? {};
  if (gram) return { gram, report: { kind: 'weights', fallback: false, readers, stops } };
  return { report: { kind: 'covariance', fallback: true, readers, stops }, warning: fallbackText(consumers) };
}

/** A step at which coding without a profile does about the wanted damage. */
async function centre(
  items: readonly Item[],
  view: FeatureView,
  judge: Judge,
  coder: Coder,
  sigma: Float64Array,
): Promise<number> {
  const target = judge.kind === 'kl' ? TARGET_KL : TARGET_ERROR;
  let step = Math.sqrt(sigma.reduce((sum, s) => sum + s * s, 0) / sigma.length) || 1;
  for (let i = 0; i < 3; i++) {
    const { kl } = await measure(items, view, undefined, step, coder, judge);
    // Damage grows about with the square of the step.
    step *= Math.min(4, Math.max(0.25, Math.sqrt(target / Math.max(kl, 1e-9))));
  }
  return step;
}

/** Bytes of a profile: its head, two numbers a channel, the matrices and the curve. */
export function profileBytes(parts: ProfileParts): number {
  const matrix = parts.transform ? 4 * parts.transform.rank * parts.channels : 0;
  return 64 + 8 * parts.channels + matrix * (parts.transform ? 2 : 0) + 12 * parts.curve.length;
}

function fallbackText(consumers: Consumers | undefined): string {
  const reason = consumers
    ? consumers.stops.map((one) => `${one.node} (${one.op}): ${one.reason}`).join('; ') || 'nothing reads the tensor'
    : 'no model was given';
  return `plain covariance instead of weights: ${reason}`;
}

function invalid(name: string, what: string): SlicerError {
  return new SlicerError('invalid_option', `${name} must be ${what}.`, { advice: 'See CalibrateOptions.' });
}
