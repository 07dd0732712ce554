/** onnxruntime-web: the caller brings its module, in the build (WASM, WebGPU) and with the paths that suit the page. */
import { openRunner, type Runtime } from './ort.js';
import type { OpenRunner, RunnerOptions } from './runner.js';

/**
 * Models in onnxruntime-web, by URL or as bytes.
 *
 * @param ort - the module as imported: `import * as ort from 'onnxruntime-web/wasm'`.
 * @param defaults - options of every model that is opened; `session: { executionProviders: ['webgpu'] }` for WebGPU.
 */
export function webRunner(ort: unknown, defaults: RunnerOptions = {}): OpenRunner {
  const { default: inner } = ort as { default?: unknown };
  const runtime = ('InferenceSession' in (ort as object) ? ort : inner) as Runtime;
  return (model, options = {}) => {
    const session = { executionProviders: ['wasm'], ...defaults.session, ...options.session };
    return openRunner('onnxruntime-web', runtime, model, { ...defaults, ...options, session });
  };
}
