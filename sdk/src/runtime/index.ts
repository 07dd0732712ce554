/**
 * Running split models: one `Runner` over onnxruntime-node and onnxruntime-web, and the parts of a split model with the
 * codec at their ends. Loads in browsers; Node needs the optional peer onnxruntime-node.
 */
export type * from '../codec/types.js';
export {
  type LinkTensor,
  type PartDescription,
  type PartValue,
  readDescription,
  type SplitDescription,
  type Verification,
} from './description.js';
export type { FrameCodec, LinkEncoding, Packed, SentTensor } from './message.js';
export { nodeRunner } from './ort-node.js';
export { webRunner } from './ort-web.js';
export type { ModelSource, OpenRunner, Runner, RunnerOptions } from './runner.js';
export { type OpenOptions, openHead, openMiddle, openTail, SplitModel, type SplitReport } from './split-model.js';
export {
  type LinkOptions,
  type PartReport,
  SplitHead,
  SplitMiddle,
  SplitPart,
  SplitTail,
  type StageTimes,
} from './split-part.js';
export type { ModelTensor, ModelValue, OpenDim, Tensors } from './tensors.js';
