/** Element type and dims of a value: from the file, from a given table, or (the type only) by following operators. */
import { create } from '@bufbuild/protobuf';
import { dtypeCode, dtypeName } from './dtypes.js';
import { onnxError } from './errors.js';
import {
  type AttributeProto,
  TensorProto_DataType,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './gen/onnx_pb.js';
import type { Graph, GraphNode } from './graph.js';

/** A size, the name of a size that is open, or `null` for an open size without a name. */
export type Dim = number | string | null;

/** What is known of a value before the model runs. */
export interface TensorInfo {
  readonly name: string;
  /** Element type by ONNX Runtime's name, `'float32'`. */
  readonly type: string;
  /** `null` where even the rank is unknown. */
  readonly dims: readonly Dim[] | null;
}

/** Reads a value's type out of its entry in the file; `undefined` for entries that are no tensor or name no type. */
export function infoFromProto(info: ValueInfoProto | undefined): TensorInfo | undefined {
  if (info?.type?.value.case !== 'tensorType') return undefined;
  const { elemType, shape } = info.type.value.value;
  if (elemType === TensorProto_DataType.UNDEFINED) return undefined;
  const dims = shape
    ? shape.dim.map((dim): Dim => {
        if (dim.value.case === 'dimValue') return Number(dim.value.value);
        return dim.value.case === 'dimParam' && dim.value.value !== '' ? dim.value.value : null;
      })
    : null;
  return { name: info.name, type: dtypeName(elemType), dims };
}

/** The entry for a file that says what is known of a value. */
export function infoToProto(info: TensorInfo): ValueInfoProto {
  const elemType = dtypeCode(info.type);
  if (elemType === undefined) {
    throw onnxError(
      'bad_onnx',
      `'${info.name}' has the element type ${info.type}, which cannot be cut`,
      'Cut elsewhere.',
    );
  }
  const dim = info.dims?.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof size === 'number'
          ? { case: 'dimValue', value: BigInt(size) }
          : size === null
            ? { case: undefined }
            : { case: 'dimParam', value: size },
    }),
  );
  const shape = dim ? { shape: create(TensorShapeProtoSchema, { dim }) } : {};
  const value = create(TypeProto_TensorSchema, { elemType, ...shape });
  const type = create(TypeProtoSchema, { value: { case: 'tensorType', value } });
  return create(ValueInfoProtoSchema, { name: info.name, type });
}

/**
 * What is known of a value: from `known` (say, of the runtime) first, then from the file, then the element type alone by
 * following operators back to a value of known type.
 */
export function tensorInfo(
  graph: Graph,
  name: string,
  known?: ReadonlyMap<string, TensorInfo>,
): TensorInfo | undefined {
  const stated = known?.get(name) ?? infoFromProto(graph.valueInfo.get(name));
  if (stated) return stated;
  const code = elementType(graph, name, known);
  return code === undefined ? undefined : { name, type: dtypeName(code), dims: null };
}

const BOOL_OPS = new Set('And Or Not Xor Equal Greater GreaterOrEqual Less LessOrEqual IsNaN IsInf'.split(' '));
const INT64_OPS = new Set('Shape Size NonZero ArgMax ArgMin'.split(' '));
/** Operators whose output has the type of their input at the given place (0 is the rule for all others). */
const LIKE_INPUT = new Map<string, number>([
  ['Where', 1],
  ['DequantizeLinear', 1],
  ['QuantizeLinear', 2],
]);
/** Operators with a type of their own that is not worth a rule here: the runtime is asked instead. */
const UNRULED = new Set(
  'If Loop Scan ConstantOfShape RandomNormal RandomUniform EyeLike Range OneHot QLinearConv QLinearMatMul ConvInteger MatMulInteger DynamicQuantizeLinear BitCast OptionalGetElement SequenceAt'.split(
    ' ',
  ),
);

/** Walks from a value towards one whose type is stated, by a rule per operator. */
function elementType(graph: Graph, start: string, known?: ReadonlyMap<string, TensorInfo>): number | undefined {
  for (let name: string | undefined = start; name !== undefined; ) {
    const stated = known?.get(name) ?? infoFromProto(graph.valueInfo.get(name));
    if (stated) return dtypeCode(stated.type);
    const value = graph.values.get(name);
    if (value?.role === 'initializer') return graph.proto.initializer.find((one) => one.name === value.name)?.dataType;
    const node: GraphNode | undefined = value?.producer;
    if (!node || (node.domain !== '' && node.domain !== 'ai.onnx')) return undefined;
    if (BOOL_OPS.has(node.opType)) return TensorProto_DataType.BOOL;
    if (INT64_OPS.has(node.opType)) return TensorProto_DataType.INT64;
    if (node.opType === 'Cast') return Number(attribute(node, 'to')?.i ?? 0) || undefined;
    if (node.opType === 'Constant') return attribute(node, 'value')?.t?.dataType;
    const isFirst = node.outputs[0] === name || node.opType === 'Split';
    if (UNRULED.has(node.opType) || !isFirst) return undefined;
    name = node.proto.input[LIKE_INPUT.get(node.opType) ?? 0] || undefined;
  }
  return undefined;
}

/** The attribute of a node by name. */
export function attribute(node: GraphNode, name: string): AttributeProto | undefined {
  return node.proto.attribute.find((candidate) => candidate.name === name);
}
