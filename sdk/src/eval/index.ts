/** Quality of a split: how far the answers move, what that costs a task, and how sure of it the items make us. */
export type * from '../codec/types.js';
export * from './bootstrap.js';
export * from './classification.js';
export * from './detection.js';
export * from './evaluate.js';
export type { ImageSpec } from './images.js';
export * from './journal.js';
export * from './kl.js';
export * from './language.js';
export * from './manifest.js';
export { loadPlot } from './plot.js';
export * from './recognition.js';
export * from './report.js';
export * from './setting.js';
export * from './summary.js';
export * from './task.js';
export * from './within.js';
