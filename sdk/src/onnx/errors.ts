import { SlicerError } from '../codec/errors.js';

/** Codes that reading and cutting models can raise. */
export type OnnxErrorCode =
  | 'bad_onnx'
  | 'unknown_tensor'
  | 'not_a_cut'
  | 'invalid_option'
  | 'io_error'
  | 'invalid_tensor';

/** An error of this folder; `offset` is a byte offset in the model file where one is known. */
export function onnxError(code: OnnxErrorCode, message: string, advice: string, offset = 0): SlicerError {
  return new SlicerError(code, message, { offset, advice });
}
