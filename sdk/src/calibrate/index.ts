/**
 * Calibration: a profile for one cut of one model, in closed form from example tensors and the weights that read them.
 * Reading model files and running tails needs Node and the optional peer onnxruntime-node.
 */
export { type CalibrateOptions, type CalibrateReport, calibrate, type Metric } from './calibrate.js';
export type { Outcome } from './choose.js';
export type { Coded, Coder, Trial } from './coder.js';
export { type ConsumerOptions, type Consumers, findConsumers, type Reader, type Stop } from './consumers.js';
export type { CurvePoint, ProfileParts, Tools } from './parts.js';
export { type WrittenProfile, writeProfile } from './profile.js';
export { runHead } from './run-head.js';
export type { TrialPoint } from './trial.js';
export { type ExternalReader, externalReader } from './weights.js';
