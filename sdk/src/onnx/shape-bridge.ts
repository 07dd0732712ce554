/**
 * Lets a tail compute with the shape of a tensor that stayed in the head. `Shape(x)` needs x only for its sizes, and each
 * size of x is either a number or, by its name, a size of the tensor that crosses the cut.
 */
import { create } from '@bufbuild/protobuf';
import { onnxError } from './errors.js';
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
 * Nodes that give `shapeNode`'s output from the cut tensors instead of from the tensor it reads.
 *
 * @throws SlicerError `not_a_cut` naming the size that cannot be had behind the cut.
 */
export function bridgeShape(
  shapeNode: GraphNode,
  source: TensorInfo | undefined,
  cuts: readonly TensorInfo[],
): NodeProto[] {
  const cut = { name: cuts.map((one) => one.name).join("', '") };
  const output = shapeNode.outputs[0]!;
  const from = shapeNode.inputs[0]!;
  if (!source?.dims) {
    throw refuse(from, cut.name, 'of which neither the file nor the runtime tells the sizes');
  }
  const dims = sliceOf(shapeNode, source.dims);
  if (shapeNode.opType === 'Size') {
    if (!dims.every((dim): dim is number => typeof dim === 'number')) {
      throw refuse(from, cut.name, 'whose number of elements varies');
    }
    return [constant(output, [dims.reduce((a, b) => a * b, 1)], [])];
  }
  if (dims.every((dim): dim is number => typeof dim === 'number')) return [constant(output, [...dims], [dims.length])];

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
    const carrier = dim === null ? undefined : cuts.find((one) => one.dims?.includes(dim));
    if (!carrier) {
      const which = dim === null ? `size ${i} is open and has no name` : `size ${i}, '${dim}',`;
      throw refuse(from, cut.name, `whose ${which}${dim === null ? '' : ' is no size of the cut tensor'}`);
    }
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

function refuse(source: string, cut: string, why: string) {
  return onnxError(
    'not_a_cut',
    `behind '${cut}' the model still needs the shape of '${source}', ${why}`,
    'Cut before that tensor, or fix the sizes of the inputs in the model first.',
  );
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
