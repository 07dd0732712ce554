/**
 * Calibration: a profile for one cut of one model, in closed form from example tensors and the weights that read them.
 * Reading model files and running tails needs Node and the optional peer onnxruntime-node.
 */
export type { DType, Layout, Tensor } from '../codec/types.js';
export type { RatePoint } from '../eval/kl.js';
export type { ExternalRange } from '../onnx/external-data.js';
export type { Graph, GraphNode, GraphValue } from '../onnx/graph.js';
export { type CalibrateOptions, type CalibrateReport, calibrate, type Metric } from './calibrate.js';
export type { Outcome } from './choose.js';
export type { Coded, Coder, Trial } from './coder.js';
export { type ConsumerOptions, type Consumers, findConsumers, type Reader, type Stop } from './consumers.js';
export type { Item } from './features.js';
export type { Features } from './gather.js';
export type { ModelSource } from './model.js';
export type { CurvePoint, ProfileParts, Tools } from './parts.js';
export { type WrittenProfile, writeProfile } from './profile.js';
export { runHead } from './run-head.js';
export type { Judge, TrialPoint } from './trial.js';
export { type ExternalReader, externalReader } from './weights.js';
