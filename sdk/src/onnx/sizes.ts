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
  const inputs = inputsOf(graph);
  if (!inputs)
    return exposed(graph, wanted, folder, undefined, (session) =>
      firstAccepted(runtime, session.inputMetadata, shapes, (feeds) => sizesOf(graph, session, wanted, feeds, true)),
    );
  checkNames(inputs, shapes);
  const guess = isGuess(inputs, shapes);
  return firstAccepted(runtime, inputs, shapes, async (feeds) => {
    const fixed = Object.entries(feeds).map(([name, { type, dims }]) => infoToProto({ name, type, dims }));
    const use = (session: RuntimeSession) => sizesOf(graph, session, wanted, feeds, guess);
    try {
      return await exposed(graph, wanted, folder, fixed, use);
    } catch {
      // Some files pass only while their sizes are unknown: with sizes the runtime checks more than it needs to run.
      return exposed(graph, wanted, folder, undefined, use);
    }
  });
}

async function exposed(
  graph: Graph,
  wanted: readonly string[],
  folder: string | undefined,
  inputs: ValueInfoProto[] | undefined,
  use: (session: RuntimeSession) => Promise<Sizes>,
): Promise<Sizes> {
  return withExposed(await loadRuntime(), graph.model, wanted, folder, use, inputs);
}

/** Sizes from a session of the model, in which `wanted` are outputs too. */
async function sizesOf(
  graph: Graph,
  session: RuntimeSession,
  wanted: readonly string[],
  feeds: Record<string, RuntimeTensor>,
  run: boolean,
): Promise<Sizes> {
  const values = staticSizes(graph);
  for (const { name, type, shape } of session.outputMetadata) {
    // No sizes stand for a scalar and for an unknown rank alike: then a run has to tell.
    const dims = (shape ?? []).filter((size): size is number => typeof size === 'number' && size >= 0);
    if (type && shape && shape.length > 0 && dims.length === shape.length) values.set(name, { type, dims });
  }
  const open = wanted.filter((name) => !values.has(name));
  const results = open.length > 0 || run ? await session.run(feeds, open.length > 0 ? open : [graph.outputs[0]!]) : {};
  for (const [name, { type, dims }] of Object.entries(results)) values.set(name, { type, dims: [...dims] });
  const inputs: Record<string, readonly number[]> = {};
  let inputBytes = 0;
  for (const [name, { type, dims, data }] of Object.entries(feeds)) {
    values.set(name, { type, dims: [...dims] });
    inputs[name] = [...dims];
    inputBytes += dtypeBytes(type, data.length) ?? 0;
  }
  return { values, inputs, inputBytes };
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
