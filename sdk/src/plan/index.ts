/** Where to cut, with which setting, or not at all: an exact search under limits of latency, memory, bytes and quality. */
export { checkProblem } from './check.js';
export {
  type Estimated,
  type EvalFile,
  type PlanFiles,
  problemModel,
  readEval,
  readSurvey,
  type SurveyFile,
} from './inputs.js';
export { listOptions, travel } from './options.js';
export { gapsOf, objectiveOf, plan } from './search.js';
export type * from './types.js';
export { nameOf, planLines } from './words.js';
