/**
 * Reading and splitting ONNX models. `cut` and `listCuts` run anywhere; `splitFile`, `surveyFile`, `surveyCuts` and `describeValues`
 * need Node and, to run models, the optional peer onnxruntime-node.
 */
export type { LinkTensor, PartDescription, PartValue, SplitDescription } from '../runtime/description.js';
export type { Runtime, RuntimeMetadata, RuntimeSession, RuntimeTensor } from '../runtime/ort.js';
export { loadRuntime } from '../runtime/ort-node.js';
export type { ModelTensor, OpenDim } from '../runtime/tensors.js';
export type { CutAdvice } from './advice.js';
export { type Chain, cutChain } from './chain.js';
export { type CutPoint, listCuts } from './cuts.js';
export { externalFiles } from './external-data.js';
export type { FlowOptions } from './flow.js';
export type { ModelProto } from './gen/onnx_pb.js';
export { buildGraph, type Graph, type GraphNode, type GraphValue } from './graph.js';
export { readModel, writeModel } from './model-file.js';
export type { InputShapes } from './random-input.js';
export { describeValues } from './runtime.js';
export { type CutModel, type CutOptions, cut, cutGraph, type ModelPart } from './split.js';
export { type CutPlaces, loadModel, type SplitFileOptions, type SplitFileResult, splitFile } from './split-file.js';
export type { CellMap, TensorStatistics } from './statistics.js';
export { type Survey, type SurveyedCut, type SurveyedTensor, type SurveyOptions, surveyCuts } from './survey.js';
export { surveyFile } from './survey-file.js';
export { type Dim, type TensorInfo, tensorInfo } from './tensor-info.js';
export { type SuppliedInputs, type Verification, type VerifyOptions, verifyParts } from './verify.js';
