/** From features to a profile: fit on most of them, choose tools on the rest, fit again on all. */
import { SlicerError } from '../codec/errors.js';
import type { Layout } from '../codec/types.js';
import type { Graph } from '../onnx/index.js';
import { type Candidate, candidatesFor, cheapest, type Outcome, tryAll } from './choose.js';
import { type Coder, codecOf, type Trial } from './coder.js';
import type { Consumers, Reader, Stop } from './consumers.js';
import { type ChannelStatistics, type ChannelTransform, inputsNeeded, tooFew } from './engine.js';
import { fisherGram } from './fisher.js';
import { collect, type Features, type Gathered, gather } from './gather.js';
import { consumersOf, graphOf, type ModelSource, tailOf } from './model.js';
import { type CurvePoint, NO_TOOLS, type ProfileParts, partsOf, type Tools } from './parts.js';
import { writeProfile } from './profile.js';
import type { Tail } from './tail.js';
import { bytesAt, type Judge, judgeByMetric, judgeByTail, measure, type TrialPoint } from './trial.js';

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
  /** Rows that were left out because they are more than 3½ times the usual size, as first tokens often are. */
  outliers: number;
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
  /** The damage at which bytes are compared. */
  target: number;
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
/** Steps of the curve in the profile. */
const CURVE = [0.2, 0.3, 0.45, 0.67, 1, 1.5, 2.2];
/** Items that the curve is measured on, fitted ones too: KL varies so much between inputs that more of them count more. */
const CURVE_ITEMS = 100;
/** Candidates whose curves are measured, and how close to the best they are. */
const FINALISTS = 4;
const CLOSE = 1.2;
/** Logits that a trial of one setting compares: language models give millions for each input. */
const MOST_ANSWERS = 2 ** 26;
/** The KL at which tools are compared. */
const TARGET_KL = 0.02;
/** The weighted error instead, where no model runs: an NRMSE of about 0.3. */
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

    const answers = tail ? (await tail.run(held[0], held[0].data)).data.length : 1;
    const items = held.slice(0, Math.min(options.trialItems ?? TRIAL_ITEMS, Math.ceil(MOST_ANSWERS / answers)));
    const judge = tail ? judgeByTail(tail) : judgeByMetric(view, metric.gram, share, statistics.mean, held);
    const target = judge.kind === 'kl' ? TARGET_KL : TARGET_ERROR;
    const coder = options.coder ?? codecOf(view);
    // Rows without means are coded as without a profile: all channels alike.
    const known = (from: ChannelStatistics, tools: Tools): ChannelStatistics =>
      plane > 1 || tools.mean ? from : { ...from, sigma: from.sigma.map(() => 1) };
    const build = async (tools: Tools): Promise<Trial> => {
      const { bytes } = await writeProfile(partsOf(known(statistics, tools), transform, tools));
      return { tools, profile: bytes };
    };
    const candidates = candidatesFor(view, transform !== undefined);
    const outcomes = await tryAll(candidates, {
      items,
      second: second?.slice(0, options.trialItems ?? TRIAL_ITEMS),
      judge,
      coder,
      build,
      target,
      guess: Math.sqrt(statistics.sigma.reduce((sum, s) => sum + s * s, 0) / view.channels) || 1,
      amortise,
      progress: (done, all) => progress('trying tools', done, all),
    });
    const forceTransform = options.forceTransform ?? false;
    const best = cheapest(candidates, outcomes, { forceTransform, transformNeedsSecond: plane === 1 });
    if (best <= 0) warnings.push('no tools win on the held-out inputs: the profile does what is done without one');
    const many = [...held, ...gathered.samples].slice(0, Math.min(CURVE_ITEMS, Math.ceil(MOST_ANSWERS / answers)));
    let [place, curve, least]: [number, CurvePoint[], number] = [Math.max(best, 0), [], Number.POSITIVE_INFINITY];
    for (const one of tail ? finalists(place, candidates, outcomes) : []) {
      const trial = await build(candidates[one].tools ?? asNone(candidates));
      const points: TrialPoint[] = [];
      for (const [i, s] of CURVE.entries()) {
        progress('measuring the curve', i, CURVE.length);
        points.push(await measure(many, trial, s * outcomes[one].step, coder, judge));
      }
      const bytes = (bytesAt(points, target) ?? Number.MAX_VALUE) + trial.profile.length / amortise;
      if (bytes >= least) continue;
      [place, curve, least] = [one, points.map(({ step, bytes, kl }) => ({ step, bytes, kl })), bytes];
    }
    const chosen: Candidate = candidates[place];
    const tools = chosen.tools ?? asNone(candidates);

    // What was held out is as good for the final fit as the rest.
    for (const item of held) gathered.add(item);
    const all = calibrator.statistics();
    const final = tools.transform ? calibrator.transform(options.rank) : undefined;
    return {
      parts: partsOf(known(all, tools), final, tools, curve),
      report: {
        channels: view.channels,
        height: view.height,
        width: view.width,
        inputs: all.rows,
        heldOut: all.rows - statistics.rows,
        outliers: gathered.outliers(),
        secondInputs: second?.reduce((n, item) => n + item.rows, 0) ?? 0,
        metric: metric.report,
        shrinkage: all.shrinkage,
        judge: judge.kind,
        target,
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

/**
 * The candidates whose curve is measured: the best, and those so close that more inputs have to tell. They share the
 * transform, so that fitted inputs favour none of them.
 */
function finalists(best: number, candidates: readonly Candidate[], outcomes: readonly Outcome[]): number[] {
  const { tools } = candidates[best];
  if (!tools) return [best];
  const close = (i: number) => outcomes[i].bytesPerFrame <= CLOSE * outcomes[best].bytesPerFrame;
  const alike = candidates.flatMap((one, i) => (one.tools?.transform === tools.transform && close(i) ? [i] : []));
  return alike.sort((a, b) => outcomes[a].bytesPerFrame - outcomes[b].bytesPerFrame).slice(0, FINALISTS);
}

/** Tools that do what is done without a profile. */
function asNone(candidates: readonly Candidate[]): Tools {
  const plain = candidates.find((one) => one.tools && !one.tools.transform && !one.tools.mean);
  return plain?.tools ?? { ...NO_TOOLS, trellis: true };
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

function fallbackText(consumers: Consumers | undefined): string {
  const reason = consumers
    ? consumers.stops.map((one) => `${one.node} (${one.op}): ${one.reason}`).join('; ') || 'nothing reads the tensor'
    : 'no model was given';
  return `plain covariance instead of weights: ${reason}`;
}

function invalid(name: string, what: string): SlicerError {
  return new SlicerError('invalid_option', `${name} must be ${what}.`, { advice: 'See CalibrateOptions.' });
}
