/** `slicer cut`: a model file in, `head.onnx`, `tail.onnx` and `cut.json` out. Node only. */
import { onnxError } from './errors.js';
import { checkExternalFiles, writeWithData } from './external-data.js';
import type { FlowOptions } from './flow.js';
import type { ModelProto } from './gen/onnx_pb.js';
import { buildGraph, type Graph } from './graph.js';
import { readModel } from './model-file.js';
import type { InputShapes } from './random-input.js';
import { describeValues } from './runtime.js';
import { cutGraph, type ModelPart, shapesAcross } from './split.js';
import { type Dim, type TensorInfo, tensorInfo } from './tensor-info.js';
import { type Verification, verifyCut } from './verify.js';

/** Options of `cutFile`. */
export interface CutFileOptions extends FlowOptions {
  /** Run head → tail against the whole model before anything is written. Default: true; needs onnxruntime-node. */
  verify?: boolean;
  /** Sizes of inputs, for a check of a model that leaves them open in an unusual way. */
  inputShapes?: InputShapes;
  /** Told what is being done, for long work. */
  progress?: (step: string) => void;
}

/** One input or output in `cut.json`. */
export interface CutValue {
  readonly name: string;
  readonly type: string | null;
  readonly dims: readonly Dim[] | null;
}

/** One side in `cut.json`. */
export interface CutSide {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The file that holds the side's external weights, if it has any. */
  readonly data: string | null;
  readonly inputs: readonly CutValue[];
  readonly outputs: readonly CutValue[];
}

/** The contents of `cut.json`. */
export interface CutDescription {
  readonly format: 'slicer-cut';
  readonly version: 1;
  readonly tensor: TensorInfo;
  readonly model: { readonly file: string; readonly bytes: number; readonly sha256: string };
  readonly head: CutSide;
  readonly tail: CutSide;
  /** `null` when the check was left out. */
  readonly verification: Verification | null;
}

/** What `cutFile` wrote. */
export interface CutFileResult {
  readonly description: CutDescription;
  /** Paths of the files written, `cut.json` last. */
  readonly files: readonly string[];
}

/** Reads a model file and checks that it is whole, its external data too. */
export async function loadModel(path: string): Promise<{ bytes: Uint8Array; model: ModelProto; folder: string }> {
  const { readFile } = await import('node:fs/promises');
  const { dirname } = await import('node:path');
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw onnxError('io_error', `cannot read ${path}: ${reason}`, 'Check the path and that you may read it.');
  }
  const model = readModel(bytes, path);
  const folder = dirname(path);
  await checkExternalFiles(model, folder);
  return { bytes, model, folder };
}

/**
 * Cuts a model file at one tensor into `head.onnx`, `tail.onnx` and `cut.json` in `outDir`. All are written to a folder
 * beside and checked there before they are moved to their places, `cut.json` last.
 *
 * @throws SlicerError `io_error`, `bad_onnx`, `unknown_tensor`, `not_a_cut`, `invalid_option`.
 */
export async function cutFile(
  modelPath: string,
  tensorName: string,
  outDir: string,
  options: CutFileOptions = {},
): Promise<CutFileResult> {
  const progress = options.progress ?? (() => {});
  const { basename, join } = await import('node:path');
  progress('reading the model');
  const { bytes, model, folder } = await loadModel(modelPath);
  const graph = buildGraph(model);
  const known = await knownValues(graph, tensorName, folder, options);
  const parts = cutGraph(graph, tensorName, { ...options, ...(known ? { known } : {}) });

  return inWorkFolder(outDir, async (work, publish) => {
    progress('writing head and tail');
    const side = async (part: ModelPart, name: 'head' | 'tail') => writeSide(part, name, folder, work, known);
    const head = await side(parts.head, 'head');
    const tail = await side(parts.tail, 'tail');
    let verification: Verification | null = null;
    if (options.verify !== false) {
      progress('running head and tail against the whole model');
      const paths = { whole: modelPath, head: join(work, head.file), tail: join(work, tail.file) };
      verification = await verifyCut(paths, tensorName, options.inputShapes);
      if (!verification.ok) throw differs(verification);
    }
    const description: CutDescription = {
      format: 'slicer-cut',
      version: 1,
      tensor: parts.tensor,
      model: { file: basename(modelPath), bytes: bytes.length, sha256: await sha256(bytes) },
      head,
      tail,
      verification,
    };
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(work, 'cut.json'), `${JSON.stringify(description, null, 2)}\n`);
    const names = [head.data, head.file, tail.data, tail.file, 'cut.json'].filter((name) => name !== null);
    return { description, files: await publish(names) };
  });
}

/** Asks the runtime for what the file does not say, where it matters and where the runtime is there. */
async function knownValues(graph: Graph, tensorName: string, folder: string, options: CutFileOptions) {
  if (!graph.values.has(tensorName)) return undefined;
  const names = [tensorName, ...shapesAcross(graph, tensorName, options)];
  if (names.every((name) => tensorInfo(graph, name)?.dims)) return undefined;
  try {
    return await describeValues(graph.model, names, folder);
  } catch (error) {
    // Without the runtime the file itself has to do; where it does not, the cut says so.
    if ((error as { code?: string }).code === 'invalid_option' && options.verify === false) return undefined;
    throw error;
  }
}

async function writeSide(
  part: ModelPart,
  name: 'head' | 'tail',
  folder: string,
  work: string,
  known: ReadonlyMap<string, TensorInfo> | undefined,
): Promise<CutSide> {
  const { writeFile } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const data = `${name}.data`;
  const { bytes, dataFile } = await writeWithData(part.model, folder, work, data);
  await writeFile(join(work, `${name}.onnx`), bytes);
  const graph = buildGraph(part.model);
  const values = (names: readonly string[]) =>
    names.map((value): CutValue => {
      const info = tensorInfo(graph, value, known);
      return { name: value, type: info?.type ?? null, dims: info?.dims ?? null };
    });
  return {
    file: `${name}.onnx`,
    bytes: bytes.length,
    sha256: await sha256(bytes),
    data: dataFile ? data : null,
    inputs: values(part.inputs),
    outputs: values(part.outputs),
  };
}

function differs(found: Verification) {
  return onnxError(
    'not_a_cut',
    `head and tail do not reproduce the model: outputs up to ${found.maxOutput} differ by up to ${found.maxDifference}`,
    'A model that draws random numbers differs in every run; if yours does, leave the check out. Else report this.',
  );
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const { createHash } = await import('node:crypto');
  return createHash('sha256').update(bytes).digest('hex');
}

/** Gives `use` an empty folder inside `outDir`; `publish` moves files out of it. Whatever happens, the folder goes. */
async function inWorkFolder<T>(
  outDir: string,
  use: (work: string, publish: (names: string[]) => Promise<string[]>) => Promise<T>,
): Promise<T> {
  const { mkdir, mkdtemp, rename, rm } = await import('node:fs/promises');
  const { join } = await import('node:path');
  let made: string | undefined;
  let work: string | undefined;
  let published = false;
  const publish = async (names: string[]) => {
    published = true;
    const paths: string[] = [];
    for (const name of names) {
      await rename(join(work!, name), join(outDir, name));
      paths.push(join(outDir, name));
    }
    return paths;
  };
  try {
    made = await mkdir(outDir, { recursive: true });
    work = await mkdtemp(join(outDir, '.slicer-cut-'));
    return await use(work, publish);
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) {
      throw onnxError('io_error', `cannot write to ${outDir}: ${error.message}`, 'Check that you may write there.');
    }
    throw error;
  } finally {
    if (work) await rm(work, { recursive: true, force: true });
    // A folder that this call made and put nothing in is no use to anybody.
    if (made && !published) await rm(made, { recursive: true, force: true });
  }
}
