/**
 * Reading and cutting ONNX models. `cut` and `listCuts` run anywhere; `cutFile`, `surveyCuts` and `describeValues` need
 * Node and, to run models, the optional peer onnxruntime-node.
 */
export {
  type CutDescription,
  type CutFileOptions,
  type CutFileResult,
  type CutSide,
  type CutValue,
  cutFile,
  loadModel,
} from './cut-file.js';
export { type CutPoint, listCuts } from './cuts.js';
export { externalFiles } from './external-data.js';
export type { FlowOptions } from './flow.js';
export type { ModelProto } from './gen/onnx_pb.js';
export { buildGraph, type Graph, type GraphNode, type GraphValue } from './graph.js';
export { readModel, writeModel } from './model-file.js';
export type { InputShapes } from './random-input.js';
export { describeValues, loadRuntime } from './runtime.js';
export { type CutModel, type CutOptions, cut, cutGraph, type ModelPart } from './split.js';
export { type Survey, type SurveyedCut, type SurveyOptions, surveyCuts } from './survey.js';
export { type Dim, type TensorInfo, tensorInfo } from './tensor-info.js';
export { type Verification, verifyCut } from './verify.js';
