/** onnxruntime-node, loaded only when something must run: it is large, native, and an optional peer of this package. */
import { SlicerError } from '../codec/errors.js';
import { openRunner, type Runtime } from './ort.js';
import type { ModelSource, Runner, RunnerOptions } from './runner.js';

/**
 * Loads onnxruntime-node from where the caller's program can see it.
 *
 * @throws SlicerError `invalid_option` when it is not installed.
 */
export async function loadRuntime(): Promise<Runtime> {
  // A name in a variable: neither bundlers nor the type checker need to have the package.
  const name = 'onnxruntime-node';
  try {
    const module = (await import(name)) as Runtime & { default?: Runtime };
    return module.default ?? module;
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? '';
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    const message = missing
      ? 'running a model needs onnxruntime-node, which is not installed'
      : `${name} fails: ${reason}`;
    const advice = 'Run `npm install onnxruntime-node`, or leave the check out (verify: false, --no-verify).';
    throw new SlicerError('invalid_option', message, { advice, cause });
  }
}

/** Opens a model file, or its bytes, in onnxruntime-node: external weights are found beside the file. */
export async function nodeRunner(model: ModelSource, options: RunnerOptions = {}): Promise<Runner> {
  return openRunner('onnxruntime-node', await loadRuntime(), model, options);
}
