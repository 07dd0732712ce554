/** Types and sizes of a model's values for inputs of given sizes: stated by the runtime, or seen in a run where it cannot. */
import type { RuntimeMetadata, RuntimeSession, RuntimeTensor } from '../runtime/ort.js';
import { loadRuntime } from '../runtime/ort-node.js';
import { dtypeBytes } from './dtypes.js';
import { onnxError } from './errors.js';
import type { ValueInfoProto } from './gen/onnx_pb.js';
import type { Graph, GraphNode } from './graph.js';
import { nodeMacs } from './macs.js';
import { firstAccepted, type InputShapes, isGuess } from './random-input.js';
import { withExposed } from './runtime.js';
import { infoFromProto, infoToProto } from './tensor-info.js';

/** A type with all of its sizes. */
export interface Sized {
  readonly type: string;
  readonly dims: readonly number[];
}

/** What was found out about a model. */
export interface Sizes {
  /** Weights, inputs, and the values that were asked for. */
  readonly values: ReadonlyMap<string, Sized>;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly inputBytes: number;
  /** Inputs whose sizes the file leaves open and nobody gave. */
  readonly guessed: readonly string[];
}

/**
 * Sizes of the values `names` and of those that the count of compute depends on. Needs onnxruntime-node.
 *
 * The runtime infers what it can when it loads the model with the inputs' sizes filled in. The model is run, once, on
 * random input, only where that leaves sizes open, and where sizes of inputs had to be guessed.
 */
export async function measureSizes(
  graph: Graph,
  names: readonly string[],
  folder: string | undefined,
  shapes: InputShapes,
): Promise<Sizes> {
  const counted = graph.nodes.filter((node) => nodeMacs(node, () => [1, 1, 1, 1]) !== 0);
  const computed = names.filter((name) => graph.values.get(name)?.role === 'node');
  const wanted = [...new Set([...computed, ...counted.flatMap((node) => runtimeSizes(graph, node))])];
  const runtime = await loadRuntime();
  const expose = <T>(list: readonly string[], use: (session: RuntimeSession) => Promise<T>, fixed?: ValueInfoProto[]) =>
    withExposed(runtime, graph.model, list, folder, use, fixed);
  const inputs = inputsOf(graph) ?? (await expose([], async (session) => session.inputMetadata));
  checkNames(inputs, shapes);
  const guess = isGuess(inputs, shapes);
  const guessed = inputs.filter((input) => isGuess([input], shapes)).map(({ name }) => name);
  return firstAccepted(runtime, inputs, shapes, async (feeds) => {
    const values = staticSizes(graph);
    const fixed = Object.entries(feeds).map(([name, { type, dims }]) => infoToProto({ name, type, dims }));
    // Some files pass only while their sizes are unknown: with sizes the runtime checks more than it needs to run.
    const stated = await expose(wanted, async (session) => session.outputMetadata, fixed).catch(() => []);
    for (const { name, type, shape } of stated) {
      // No sizes stand for a scalar and for an unknown rank alike: then a run has to tell.
      const dims = (shape ?? []).filter((size): size is number => typeof size === 'number' && size >= 0);
      if (type && shape && shape.length > 0 && dims.length === shape.length) values.set(name, { type, dims });
    }
    const open = wanted.filter((name) => !values.has(name));
    if (open.length > 0 || guess) {
      // In a session of its own: every value that is exposed stays in memory until the run ends.
      const fetched = open.length > 0 ? open : [graph.outputs[0]!];
      const results = await expose(open, (session) => session.run(feeds, fetched));
      for (const [name, { type, dims }] of Object.entries(results)) values.set(name, { type, dims: [...dims] });
    }
    return { values, guessed, ...withInputs(values, feeds) };
  });
}

/** Adds the inputs to the sizes, and says how many bytes they take. */
function withInputs(values: Map<string, Sized>, feeds: Readonly<Record<string, RuntimeTensor>>) {
  const inputs: Record<string, readonly number[]> = {};
  let inputBytes = 0;
  for (const [name, { type, dims, data }] of Object.entries(feeds)) {
    values.set(name, { type, dims: [...dims] });
    inputs[name] = [...dims];
    inputBytes += dtypeBytes(type, data.length) ?? 0;
  }
  return { inputs, inputBytes };
}

/** The inputs as the file has them, or `undefined` where it does not tell the rank of one. */
function inputsOf(graph: Graph): RuntimeMetadata[] | undefined {
  const inputs = graph.inputs.map((name): RuntimeMetadata | undefined => {
    const info = infoFromProto(graph.valueInfo.get(name));
    return info?.dims
      ? { name, isTensor: true, type: info.type, shape: info.dims.map((size) => size ?? '') }
      : undefined;
  });
  return inputs.every((input) => input !== undefined) ? inputs : undefined;
}

function checkNames(inputs: readonly RuntimeMetadata[], shapes: InputShapes): void {
  const unknown = Object.keys(shapes).find((name) => !inputs.some((input) => input.name === name));
  if (unknown === undefined) return;
  const names = inputs.map((input) => input.name).join(', ');
  throw onnxError('unknown_tensor', `the model has no input '${unknown}'`, `Its inputs: ${names}.`);
}

/** Values whose sizes a node's count depends on and which only a run can tell. */
function runtimeSizes(graph: Graph, node: GraphNode): string[] {
  const names = [...node.proto.input.slice(0, 2), node.outputs[0] ?? ''];
  return names.filter((name) => {
    const value = graph.values.get(name);
    return value?.role === 'node' && value.producer?.opType !== 'Constant';
  });
}

/** Sizes of weights and of constants that stand in nodes. */
function staticSizes(graph: Graph): Map<string, Sized> {
  const sizes = new Map<string, Sized>();
  for (const tensor of graph.proto.initializer) sizes.set(tensor.name, { type: '', dims: tensor.dims.map(Number) });
  for (const node of graph.nodes) {
    const tensor = node.opType === 'Constant' ? node.proto.attribute.find((a) => a.name === 'value')?.t : undefined;
    if (tensor) sizes.set(node.outputs[0]!, { type: '', dims: tensor.dims.map(Number) });
  }
  return sizes;
}
