/** From features to a profile: fit on most of them, choose tools on the rest, fit again on all. */
import { SlicerError } from '../codec/errors.js';
import type { Layout, Tensor } from '../codec/types.js';
import { buildGraph, cut, type Graph, type ModelProto, readModel, writeModel } from '../onnx/index.js';
import { type Candidate, candidatesFor, cheapest, type Outcome, tryAll } from './choose.js';
import { codecOf } from './coder.js';
import { type Consumers, findConsumers, type Reader, type Stop } from './consumers.js';
import { Calibrator, type ChannelTransform, inputsNeeded, tooFew } from './engine.js';
import { type FeatureView, featureView, type Item, isHeldOut, itemsOf } from './features.js';
import { type CurvePoint, type ProfileParts, partsOf, type Tools } from './parts.js';
import { startsAt, Tail } from './tail.js';
import { type Coder, type Judge, judgeByMetric, judgeByTail, measure } from './trial.js';
import type { ExternalReader } from './weights.js';

/** What an error is weighed by. */
export type Metric = 'weights' | 'covariance';

/** Options of {@link calibrate}. */
export interface CalibrateOptions {
  /** Tensors of the cut: [images, channels, height, width], [tokens, channels] or [sequences, tokens, channels]. */
  features: Iterable<Tensor> | AsyncIterable<Tensor>;
  /** Tensors of another source, on which the profile must not lose. */
  second?: Iterable<Tensor> | AsyncIterable<Tensor>;
  layout?: Layout;
  /** The model that reads the tensor: its tail, or the whole. */
  model?: Uint8Array | ModelProto;
  /** Where the model lies: a tail with weights beside it can then run. */
  modelPath?: string;
  /** Name of the tensor in the model; its only input unless given. */
  tensor?: string;
  /** Reads weights that lie beside the model. */
  external?: ExternalReader;
  /** Output of the model whose softmax is compared; the first unless given. */
  output?: string;
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
  /** Judge by running the model; true unless given, where onnxruntime-node and the model allow it. */
  runTail?: boolean;
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

  progress('finding what reads the tensor', 0, 0);
  const graph = graphOf(options.model);
  if (graph && options.tensor === undefined && graph.inputs.length !== 1) {
    throw invalid('tensor', `named for a model with ${graph.inputs.length} inputs`);
  }
  const consumers = await consumersOf(graph, view, gathered.dims, calibrator, options);
  const gram = options.metric === 'covariance' ? undefined : consumers?.gram;
  const kind: Metric = gram ? 'weights' : 'covariance';
  const fallback = kind === 'covariance' && options.metric !== 'covariance';
  if (fallback) warnings.push(fallbackText(consumers));
  if (gram) calibrator.setMetric(gram, share);

  const needed = inputsNeeded(view.channels, plane, true);
  let transform: ChannelTransform | undefined;
  if (statistics.rows >= needed || options.forceTransform) {
    progress('computing the transform', 0, 0);
    transform = calibrator.transform(options.rank);
  } else {
    const enough = Math.ceil((needed * 5) / 4);
    warnings.push(`no transform: ${total} inputs were given, and ${enough} are needed for ${view.channels} channels`);
  }

  const { tail, why } = await tailOf(graph, gathered, options);
  try {
    const items = held.slice(0, options.trialItems ?? 40);
    const mean = statistics.mean;
    const judge = tail ? judgeByTail(tail) : judgeByMetric(view, gram, share, mean);
    const coder = options.coder ?? codecOf(view);
    const build = (tools: Tools) => partsOf(statistics, transform, tools);
    const base = await centre(items.slice(0, 8), view, judge, coder, statistics.sigma);
    const candidates = candidatesFor(view, transform !== undefined);
    const outcomes = await tryAll(candidates, {
      view,
      items,
      second: second?.slice(0, options.trialItems ?? 40),
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

    progress('measuring the curve', 0, CURVE.length);
    const curve: CurvePoint[] = [];
    for (const [i, s] of tail ? CURVE.entries() : []) {
      const { step, bytes, kl } = await measure(items, view, build(tools), s * base, coder, judge);
      curve.push({ step, bytes, kl });
      progress('measuring the curve', i + 1, CURVE.length);
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
        metric: { kind, fallback, readers: consumers?.readers ?? [], stops: consumers?.stops ?? [] },
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

interface Gathered {
  readonly view: FeatureView;
  readonly dims: readonly number[];
  readonly calibrator: Calibrator;
  readonly held: Item[];
}

/** Reads the features once: four fifths into the sums, the rest kept. */
async function gather(
  features: CalibrateOptions['features'],
  layout: Layout,
  progress: (done: number) => void,
): Promise<Gathered> {
  let state: { view: FeatureView; dims: readonly number[]; calibrator: Calibrator } | undefined;
  const held: Item[] = [];
  let index = 0;
  for await (const tensor of features) {
    if (!state) {
      const view = featureView(tensor.dims, layout);
      state = { view, dims: tensor.dims, calibrator: await Calibrator.create(view.channels) };
    }
    const { view, calibrator } = state;
    for (const item of itemsOf(tensor, view, layout)) {
      if (isHeldOut(index++)) held.push(checked(item, held.length));
      else calibrator.add(item.data, view.height * view.width, channelsLast(view));
      progress(index);
    }
  }
  if (!state) throw tooFew(0, 20);
  return { ...state, held };
}

async function collect(features: CalibrateOptions['features'], layout: Layout, view: FeatureView): Promise<Item[]> {
  const items: Item[] = [];
  for await (const tensor of features) for (const item of itemsOf(tensor, view, layout)) items.push(checked(item, 0));
  return items;
}

/** Held-out items do not pass the sums, which would refuse NaN. */
function checked(item: Item, index: number): Item {
  const at = item.data.findIndex((x) => !Number.isFinite(x));
  if (at < 0) return item;
  throw new SlicerError('non_finite', `Element ${at} of held-out input ${index} is NaN or infinite.`, {
    offset: at,
    advice: 'Find out why the model gives such values; nothing can be calibrated on them.',
  });
}

function channelsLast(view: FeatureView): boolean {
  return view.axis === view.rank - 1;
}

function graphOf(model: CalibrateOptions['model']): Graph | undefined {
  if (!model) return undefined;
  return buildGraph(model instanceof Uint8Array ? readModel(model) : model);
}

async function consumersOf(
  graph: Graph | undefined,
  view: FeatureView,
  dims: readonly number[],
  calibrator: Calibrator,
  options: CalibrateOptions,
): Promise<Consumers | undefined> {
  if (!graph || options.metric === 'covariance') return undefined;
  const { mean, sigma } = calibrator.statistics();
  const meanSquare = mean.reduce((sum, m, c) => sum + m * m + sigma[c] ** 2, 0) / view.channels;
  const rank = rankOf(graph, options.tensor) ?? dims.length;
  // A sequence may have lost its leading axis on the way into a file.
  const full = [...new Array<number>(Math.max(0, rank - dims.length)).fill(1), ...dims];
  const axis = view.axis + full.length - dims.length;
  const { external } = options;
  return findConsumers(graph, options.tensor ?? graph.inputs[0], { dims: full, axis, meanSquare, external });
}

function rankOf(graph: Graph, tensor: string | undefined): number | undefined {
  const info = graph.valueInfo.get(tensor ?? graph.inputs[0]);
  return info?.type?.value.case === 'tensorType' ? info.type.value.value.shape?.dim.length : undefined;
}

/** The tail, ready to run, or why it cannot. */
async function tailOf(
  graph: Graph | undefined,
  { held }: Gathered,
  options: CalibrateOptions,
): Promise<{ tail?: Tail; why?: string }> {
  if (!graph || options.model === undefined) return { why: 'no model was given' };
  if (options.runTail === false) return { why: 'not asked for' };
  try {
    const name = options.tensor ?? graph.inputs[0];
    const whole = startsAt(graph, name) ? (options.modelPath ?? modelBytes(options.model)) : undefined;
    const tail = await Tail.open(whole ?? cut(graph.model, name).tail, name, options.output);
    try {
      await tail.run(held[0], held[0].data);
      return { tail };
    } catch (error) {
      await tail.close();
      throw error;
    }
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'unknown_tensor' || options.runTail === true) throw error;
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

function modelBytes(model: Uint8Array | ModelProto): Uint8Array {
  return model instanceof Uint8Array ? model : writeModel(model);
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
