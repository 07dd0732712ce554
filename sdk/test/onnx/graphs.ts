/** Tiny models for the tests, written node by node. */
import { create } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TensorProtoSchema,
} from '../../src/onnx/gen/onnx_pb.js';
import { type Dim, infoToProto } from '../../src/onnx/tensor-info.js';

type Attributes = Record<string, number | number[] | string | TensorProto | GraphProto>;

/** `node('Add', 'a b', 'c')`: names are parted by spaces. */
export function node(opType: string, inputs: string, outputs: string, attributes: Attributes = {}): NodeProto {
  const names = (text: string) => text.split(' ').filter((name) => name !== '');
  const list = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
  return create(NodeProtoSchema, { opType, input: names(inputs), output: names(outputs), attribute: list });
}

function attributeOf(name: string, value: Attributes[string]): AttributeProto {
  if (typeof value === 'number') {
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) });
  }
  if (Array.isArray(value)) {
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) });
  }
  if (typeof value === 'string') {
    const s = new TextEncoder().encode(value);
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.STRING, s });
  }
  return value.$typeName === 'onnx.TensorProto'
    ? create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.TENSOR, t: value })
    : create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.GRAPH, g: value });
}

/** A float weight with the values 0.1, 0.2, … */
export function weight(name: string, dims: number[]): TensorProto {
  const count = dims.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: count }, (_, i) => (i + 1) / 10);
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: TensorProto_DataType.FLOAT,
    rawData: new Uint8Array(data.buffer),
  });
}

/** An int64 tensor. */
export function integers(name: string, values: number[], dims = [values.length]): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: TensorProto_DataType.INT64,
    int64Data: values.map(BigInt),
  });
}

/** A float weight that lies in a file. */
export function external(name: string, dims: number[], entries: Record<string, string>): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: TensorProto_DataType.FLOAT,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
  });
}

/** Parts of a model; inputs and outputs are float32 with the given sizes unless they name another type. */
export interface Parts {
  inputs: Record<string, Dim[] | [string, Dim[]]>;
  outputs: Record<string, Dim[] | [string, Dim[]]>;
  nodes: NodeProto[];
  weights?: TensorProto[];
  opset?: number;
}

/** A graph, also for the bodies of `If`. */
export function graph(parts: Parts): GraphProto {
  const values = (table: Parts['inputs']) =>
    Object.entries(table).map(([name, entry]) => {
      const typed = (Array.isArray(entry[1]) ? entry : ['float32', entry]) as [string, Dim[]];
      return infoToProto({ name, type: typed[0], dims: typed[1] });
    });
  return create(GraphProtoSchema, {
    name: 'test',
    node: parts.nodes,
    initializer: parts.weights ?? [],
    input: values(parts.inputs),
    output: values(parts.outputs),
  });
}

/** A model of one graph. */
export function model(parts: Parts): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(parts.opset ?? 17) })],
    graph: graph(parts),
  });
}

/** x → a → b → y, with a weight. */
export const chain = () =>
  model({
    inputs: { x: ['N', 4] },
    outputs: { y: ['N', 3] },
    nodes: [node('MatMul', 'x w', 'a'), node('Relu', 'a', 'b'), node('MatMul', 'b v', 'y')],
    weights: [weight('w', [4, 5]), weight('v', [5, 3])],
  });

/** A residual block between two plain nodes: only `a`, `sum` and `b` are cuts. */
export const residual = () =>
  model({
    inputs: { x: ['N', 4] },
    outputs: { y: ['N', 4] },
    nodes: [
      node('Relu', 'x', 'a'),
      node('MatMul', 'a w', 'inner'),
      node('Tanh', 'inner', 'inner2'),
      node('Add', 'a inner2', 'sum'),
      node('Neg', 'sum', 'b'),
      node('Exp', 'b', 'y'),
    ],
    weights: [weight('w', [4, 4])],
  });

/** Behind `c` the model reshapes to the shape that `x` had: sizes cross the cut, the contents of x do not. */
export const reshaped = () =>
  model({
    inputs: { x: ['N', 2, 'T'] },
    outputs: { y: ['N', 2, 'T'] },
    nodes: [
      node('Relu', 'x', 'a'),
      node('Shape', 'a', 'sizes'),
      node('Neg', 'a', 'c'),
      node('Reshape', 'c flat', 'd'),
      node('Exp', 'd', 'e'),
      node('Reshape', 'e sizes', 'y'),
    ],
    weights: [integers('flat', [0, -1])],
  });

/** An `If` whose branches read `a` from outside. */
export const branching = () =>
  model({
    inputs: { x: [2, 3] },
    outputs: { y: [2, 3] },
    nodes: [
      node('Relu', 'x', 'a'),
      node('ReduceMax', 'a', 'top', { keepdims: 0 }),
      node('Greater', 'top limit', 'large'),
      node('If', 'large', 'b', {
        then_branch: graph({ inputs: {}, outputs: { then_out: [2, 3] }, nodes: [node('Neg', 'a', 'then_out')] }),
        else_branch: graph({ inputs: {}, outputs: { else_out: [2, 3] }, nodes: [node('Exp', 'a', 'else_out')] }),
      }),
      node('Tanh', 'b', 'y'),
    ],
    weights: [weight('limit', [])],
  });
