/**
 * Local functions, written out: each call becomes the nodes of the function's body, so that their values can be cut at
 * and their compute is counted. Calls stay calls where the function was written for other versions of the operators.
 */
import { clone } from '@bufbuild/protobuf';
import { onnxError } from './errors.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
} from './gen/onnx_pb.js';

/** Functions that call functions: exporters write three or four levels. */
const MAX_DEPTH = 32;

type Functions = ReadonlyMap<string, FunctionProto>;

/** The model with its local functions written out; the same object where it has none. */
export function inlineFunctions(model: ModelProto): ModelProto {
  const { graph } = model;
  if (!graph || model.functions.length === 0) return model;
  const versions = new Map(model.opsetImport.map((one) => [one.domain, one.version]));
  const usable = model.functions.filter((one) =>
    one.opsetImport.every(({ domain, version }) => (versions.get(domain) ?? version) === version),
  );
  const functions: Functions = new Map(usable.map((one) => [keyOf(one.domain, one.name, one.overload), one]));
  for (const one of usable) for (const { domain, version } of one.opsetImport) versions.set(domain, version);
  const used = new Set(graph.node.flatMap((node) => [...node.input, ...node.output]));
  const nodes = graph.node.flatMap((node, i) => expand(node, functions, `${node.name || i}`, used, 0));
  if (nodes.every((node, i) => node === graph.node[i])) return model;
  const imports = [...model.opsetImport];
  for (const one of usable) {
    for (const wanted of one.opsetImport)
      if (!imports.some((has) => has.domain === wanted.domain)) imports.push(wanted);
  }
  return changed(model, { opsetImport: imports, graph: changed(graph, { node: nodes }) });
}

/** A message with some fields changed; the rest is shared. A spread would lose the defaults, which a message inherits. */
function changed<T extends object>(message: T, fields: Partial<T>): T {
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message, fields);
}

const keyOf = (domain: string, name: string, overload: string) => `${domain}:${name}:${overload}`;

function expand(node: NodeProto, functions: Functions, place: string, used: Set<string>, depth: number): NodeProto[] {
  const called = functions.get(keyOf(node.domain, node.opType, node.overload));
  if (!called) return [node];
  if (depth > MAX_DEPTH) {
    throw onnxError('bad_onnx', `the function '${node.opType}' calls itself`, 'Check where the model comes from.');
  }
  const names = new Map<string, string>([['', '']]);
  for (const [i, name] of called.input.entries()) names.set(name, node.input[i] ?? '');
  for (const [i, name] of called.output.entries()) names.set(name, node.output[i] ?? '');
  const rename = (name: string): string => {
    let found = names.get(name);
    if (found === undefined || (found === '' && name !== '' && called.output.includes(name))) {
      found = `${place}/${name}`;
      for (let i = 2; used.has(found); i++) found = `${place}/${name}_${i}`;
      used.add(found);
      names.set(name, found);
    }
    return found;
  };
  const given = new Map(called.attributeProto.map((attribute) => [attribute.name, attribute]));
  for (const attribute of node.attribute) given.set(attribute.name, attribute);
  return called.node.flatMap((inner, i) => {
    const copy = clone(NodeProtoSchema, inner);
    copy.input = copy.input.map(rename);
    copy.output = copy.output.map(rename);
    copy.name = `${place}/${copy.name || i}`;
    copy.attribute = copy.attribute.flatMap((attribute) => bind(attribute, given, rename));
    return expand(copy, functions, copy.name, used, depth + 1);
  });
}

/** An attribute inside a function: one that refers to the call's gets its value, or goes where the call has none. */
function bind(
  attribute: AttributeProto,
  given: ReadonlyMap<string, AttributeProto>,
  rename: (name: string) => string,
): AttributeProto[] {
  if (attribute.refAttrName !== '') {
    const value = given.get(attribute.refAttrName);
    return value ? [Object.assign(clone(AttributeProtoSchema, value), { name: attribute.name })] : [];
  }
  if (attribute.g) attribute.g = bindBody(attribute.g, given, rename);
  attribute.graphs = attribute.graphs.map((body) => bindBody(body, given, rename));
  return [attribute];
}

/** A body inside a function: what it reads from outside goes by the new names, its own names stay. */
function bindBody(
  body: GraphProto,
  given: ReadonlyMap<string, AttributeProto>,
  outer: (name: string) => string,
): GraphProto {
  const own = new Set<string>([...body.input, ...body.initializer].map((value) => value.name));
  for (const node of body.node) for (const name of node.output) own.add(name);
  const rename = (name: string) => (own.has(name) ? name : outer(name));
  const copy = clone(GraphProtoSchema, body);
  for (const node of copy.node) {
    node.input = node.input.map(rename);
    node.attribute = node.attribute.flatMap((attribute) => bind(attribute, given, rename));
  }
  for (const output of copy.output) output.name = rename(output.name);
  return copy;
}
