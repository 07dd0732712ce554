/**
 * Lets a tail compute with the shape of a tensor that stayed in the head. `Shape(x)` needs x only for its sizes, and each
 * size of x is either a number or, by its name, a size of the tensor that crosses the cut.
 */
import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
} from './gen/onnx_pb.js';
import type { GraphNode } from './graph.js';
import { attribute, type Dim, type TensorInfo } from './tensor-info.js';

/**
 * Nodes that give `shapeNode`'s output from the cut tensors instead of from the tensor it reads; `undefined` where a size
 * cannot be had from them.
 */
export function bridgeShape(
  shapeNode: GraphNode,
  source: TensorInfo | undefined,
  cuts: readonly TensorInfo[],
): NodeProto[] | undefined {
  const output = shapeNode.outputs[0]!;
  if (!source?.dims) return undefined;
  const dims = sliceOf(shapeNode, source.dims);
  if (shapeNode.opType === 'Size') {
    if (!dims.every((dim): dim is number => typeof dim === 'number')) return undefined;
    return [constant(output, [dims.reduce((a, b) => a * b, 1)], [])];
  }
  if (dims.every((dim): dim is number => typeof dim === 'number')) return [constant(output, [...dims], [dims.length])];

  const carriers = dims.map((dim) =>
    typeof dim === 'string' ? cuts.find((one) => one.dims?.includes(dim)) : undefined,
  );
  if (dims.some((dim, i) => typeof dim !== 'number' && !carriers[i])) return undefined;
  const prefix = `slicer/${output}`;
  const nodes: NodeProto[] = [];
  const shapeOf = (name: string) => {
    const shape = `${prefix}/shape_of/${name}`;
    if (!nodes.some((made) => made.output[0] === shape)) nodes.push(node('Shape', [name], shape));
    return shape;
  };
  const parts = dims.map((dim, i) => {
    const name = `${prefix}/${i}`;
    if (typeof dim === 'number') {
      nodes.push(constant(name, [dim], [1]));
      return name;
    }
    const carrier = carriers[i]!;
    const shape = shapeOf(carrier.name);
    const axis = carrier.dims!.indexOf(dim);
    nodes.push(constant(`${name}/axis`, [axis], [1]), node('Gather', [shape, `${name}/axis`], name));
    return name;
  });
  const concat = node('Concat', parts, output);
  concat.attribute.push(create(AttributeProtoSchema, { name: 'axis', type: AttributeProto_AttributeType.INT, i: 0n }));
  return [...nodes, concat];
}

/** From operator set 15 on, `Shape` can give a part of the sizes. */
function sliceOf(shapeNode: GraphNode, dims: readonly Dim[]): readonly Dim[] {
  const start = attribute(shapeNode, 'start');
  const end = attribute(shapeNode, 'end');
  return dims.slice(start ? Number(start.i) : 0, end ? Number(end.i) : dims.length);
}

function node(opType: string, input: string[], output: string): NodeProto {
  return create(NodeProtoSchema, { opType, input, output: [output], name: output });
}

function constant(output: string, values: number[], dims: number[]): NodeProto {
  const t = create(TensorProtoSchema, {
    dims: dims.map(BigInt),
    dataType: TensorProto_DataType.INT64,
    int64Data: values.map(BigInt),
  });
  const result = node('Constant', [], output);
  result.attribute.push(create(AttributeProtoSchema, { name: 'value', type: AttributeProto_AttributeType.TENSOR, t }));
  return result;
}
