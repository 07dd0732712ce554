import { TensorProto_DataType } from './gen/onnx_pb.js';

/** Element types by the names ONNX Runtime uses, with their width in bits. */
const TABLE: ReadonlyArray<readonly [TensorProto_DataType, string, number]> = [
  [TensorProto_DataType.FLOAT, 'float32', 32],
  [TensorProto_DataType.UINT8, 'uint8', 8],
  [TensorProto_DataType.INT8, 'int8', 8],
  [TensorProto_DataType.UINT16, 'uint16', 16],
  [TensorProto_DataType.INT16, 'int16', 16],
  [TensorProto_DataType.INT32, 'int32', 32],
  [TensorProto_DataType.INT64, 'int64', 64],
  [TensorProto_DataType.STRING, 'string', 0],
  [TensorProto_DataType.BOOL, 'bool', 8],
  [TensorProto_DataType.FLOAT16, 'float16', 16],
  [TensorProto_DataType.DOUBLE, 'float64', 64],
  [TensorProto_DataType.UINT32, 'uint32', 32],
  [TensorProto_DataType.UINT64, 'uint64', 64],
  [TensorProto_DataType.BFLOAT16, 'bfloat16', 16],
  [TensorProto_DataType.UINT4, 'uint4', 4],
  [TensorProto_DataType.INT4, 'int4', 4],
];

const NAME = new Map(TABLE.map(([code, name]) => [code as number, name]));
const CODE = new Map(TABLE.map(([code, name]) => [name, code]));
const BITS = new Map(TABLE.map(([, name, bits]) => [name, bits]));

/** The name of an ONNX element type code: `'float32'` for 1. A code without a name here reads `'type 23'`. */
export function dtypeName(code: number): string {
  return NAME.get(code) ?? `type ${code}`;
}

/** The ONNX code of an element type name, or `undefined`. */
export function dtypeCode(name: string): TensorProto_DataType | undefined {
  return CODE.get(name);
}

/** Bytes that `count` elements of a type take, or `undefined` for strings and types without a name here. */
export function dtypeBytes(name: string, count: number): number | undefined {
  const bits = BITS.get(name);
  return bits ? Math.ceil((bits * count) / 8) : undefined;
}
