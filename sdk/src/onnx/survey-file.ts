/** `slicer cuts`: the survey of a model file, whatever its size. Node only. */
import { onnxError } from './errors.js';
import { checkExternalFiles } from './external-data.js';
import { readLean } from './lean-file.js';
import { loadModel } from './split-file.js';
import { type Survey, type SurveyOptions, surveyCuts } from './survey.js';

/**
 * From this size on the weights stay in the file: read, parsed, written again for the runtime and copied by it they would take six
 * times their size. What is smaller is lost in the tens of megabytes that the runtime takes for any model.
 */
const LARGE_BYTES = 1 << 22;

/**
 * As `surveyCuts`, from a file. Of a large model only the structure is read, and the runtime maps the weights from where
 * they are; for that a file of some kilobytes lies beside the model for a moment, where its folder can be written to.
 */
export async function surveyFile(path: string, options: Omit<SurveyOptions, 'folder'> = {}): Promise<Survey> {
  const { stat } = await import('node:fs/promises');
  const { dirname } = await import('node:path');
  options.progress?.('reading the model');
  const { size } = await stat(path).catch((error: Error) => {
    throw onnxError('io_error', `cannot read ${path}: ${error.message}`, 'Check the path and that you may read it.');
  });
  const folder = dirname(path);
  if (size < LARGE_BYTES) return surveyCuts((await loadModel(path)).model, { ...options, folder });
  const model = await readLean(path);
  await checkExternalFiles(model, folder);
  return surveyCuts(model, { ...options, folder });
}
