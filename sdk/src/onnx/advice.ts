/** What to say about a cut beyond its figures: a neighbour that is better, a type that is awkward. */
import type { DataFlow } from './flow.js';
import type { Graph } from './graph.js';
import type { Sizes } from './sizes.js';
import type { SurveyedCut } from './survey.js';

/** Compute that is worth moving into the head for fewer bytes, in parts of the whole model. */
const WORTH = 0.02;
/** Compute that has to be left behind a cut for it to be worth pointing at, in parts of the whole model. */
const LEFT = 0.001;
/** How many times fewer bytes that has to bring. */
const GAIN = 1.5;

const POOLS = new Set(
  'GlobalAveragePool GlobalMaxPool AveragePool MaxPool LpPool GlobalLpPool ReduceMean ReduceMax ReduceSum'.split(' '),
);
const RECTIFIERS = new Set(['Relu', 'Clip', 'ThresholdedRelu']);

/** Advice for a cut. */
export interface CutAdvice {
  readonly text: string;
  /** The cut to take instead. */
  readonly better?: string;
}

/** Advice for the cut at `index` of the single-tensor cuts, which are in the order of the data. */
export function adviseCut(
  graph: Graph,
  cuts: readonly SurveyedCut[],
  index: number,
  macs: number,
): CutAdvice | undefined {
  const cut = cuts[index]!;
  if (cut.type === 'string') return { text: 'strings cannot be sent: cut elsewhere' };
  const later = cuts.slice(index + 1);
  const near = later.filter(
    (other) => other.macsBefore - cut.macsBefore <= WORTH * macs && other.bytes > 0 && other.macsBehind >= LEFT * macs,
  );
  const best = near.reduce<SurveyedCut | undefined>((a, b) => (a && a.bytes <= b.bytes ? a : b), undefined);
  if (best && best.bytes * GAIN <= cut.bytes) {
    const first = near.find((other) => other.bytes * GAIN <= cut.bytes && POOLS.has(other.op));
    const target = first && first.bytes === best.bytes ? first : best;
    const pooled = POOLS.has(target.op);
    const times = (cut.bytes / target.bytes).toFixed(cut.bytes / target.bytes < 10 ? 1 : 0);
    const share = macs === 0 ? 0 : (100 * (target.macsBefore - cut.macsBefore)) / macs;
    const price =
      share === 0 ? 'no more compute' : `${share < 0.1 ? 'less than 0.1' : share.toFixed(1)} % more of the compute`;
    const where = pooled ? `after the pooling '${target.name}'` : `at '${target.name}' (${target.op})`;
    const text = `cut ${where} instead: ${times} times fewer bytes for ${price} in the head`;
    return { better: target.name, text };
  }
  const next = later[0];
  const rectified =
    next && RECTIFIERS.has(next.op) && next.bytes === cut.bytes && graph.nodes[next.node]!.inputs.includes(cut.name);
  if (rectified) {
    return {
      better: next.name,
      text: `cut after the ${next.op} '${next.name}' instead: its zeros cost almost nothing`,
    };
  }
  return undefined;
}

/** That sizes of inputs were guessed, and how to say others: bytes and compute follow them. */
export function adviseSizes({ guessed, inputs }: Pick<Sizes, 'guessed' | 'inputs'>): string[] {
  if (guessed.length === 0) return [];
  const given = guessed.map((name) => `--input-shape ${name}=${inputs[name]!.join(',')}`);
  return [`the model leaves sizes open, and these were tried: ${given.join(' ')}; give yours the same way`];
}

/** Advice for the model as a whole. */
export function adviseModel(graph: Graph, flow: DataFlow, cuts: readonly SurveyedCut[], inputBytes: number): string[] {
  const advice: string[] = [];
  if (cuts.length === 0) {
    const several = flow.sources.size > 1 || flow.sinks.size > 1;
    advice.push(
      several
        ? 'no single tensor separates all inputs from all outputs: ask for cuts of several (--multi), or name the input and output that matter (--from, --to)'
        : 'no single tensor separates the input from the output: ask for cuts of several (--multi)',
    );
  }
  const smallest = cuts.filter((cut) => cut.bytes > 0).reduce((least, cut) => Math.min(least, cut.bytes), Infinity);
  const ids = graph.inputs.some((name) => {
    const info = graph.valueInfo.get(name)?.type?.value;
    return info?.case === 'tensorType' && info.value.elemType === 7;
  });
  if (Number.isFinite(smallest) && inputBytes < smallest) {
    const what = ids ? 'the ids' : 'the input itself';
    advice.push(
      `${what} take ${inputBytes} bytes, fewer than any cut as it is: split for the server's sake, or count coded bytes`,
    );
  }
  return advice;
}
