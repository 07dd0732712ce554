/** `slicer split`: a model file in, its parts and `cut.json` out. Node only. */
import type { PartDescription, PartValue, SplitDescription } from '../runtime/description.js';
import { cutChain, namesToKnow } from './chain.js';
import { onnxError } from './errors.js';
import { checkExternalFiles, writeWithData } from './external-data.js';
import type { FlowOptions } from './flow.js';
import type { ModelProto } from './gen/onnx_pb.js';
import { buildGraph, type Graph } from './graph.js';
import { readModel } from './model-file.js';
import type { InputShapes } from './random-input.js';
import { describeValues } from './runtime.js';
import type { ModelPart } from './split.js';
import { type TensorInfo, tensorInfo } from './tensor-info.js';
import { type SuppliedInputs, type Verification, verifyParts } from './verify.js';

/** Options of `splitFile`. */
export interface SplitFileOptions extends FlowOptions {
  /** Run the parts against the whole model before anything is written. Default: true; needs onnxruntime-node. */
  verify?: boolean;
  /** Sizes of inputs, for a check of a model that leaves them open in an unusual way. */
  inputShapes?: InputShapes;
  /** Inputs to check with beside random ones. */
  inputs?: SuppliedInputs;
  /** Told what is being done, for long work. */
  progress?: (step: string) => void;
}

/** What `splitFile` wrote. */
export interface SplitFileResult {
  readonly description: SplitDescription;
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

/** One tensor, the tensors of one cut, or the cuts of a chain in the order of the data. */
export type CutPlaces = string | readonly string[] | readonly (readonly string[])[];

/**
 * Cuts a model file into `head.onnx`, `tail.onnx`, for a chain the `middle-1.onnx` … between them, and `cut.json` in
 * `outDir`. All are written to a folder beside and checked there before they are moved to their places, `cut.json` last.
 *
 * @throws SlicerError `io_error`, `bad_onnx`, `unknown_tensor`, `not_a_cut`, `invalid_option`.
 */
export async function splitFile(
  modelPath: string,
  places: CutPlaces,
  outDir: string,
  options: SplitFileOptions = {},
): Promise<SplitFileResult> {
  const progress = options.progress ?? (() => {});
  const { basename, join } = await import('node:path');
  const groups = groupsOf(places);
  progress('reading the model');
  const { bytes, model, folder } = await loadModel(modelPath);
  const graph = buildGraph(model);
  const known = await knownValues(graph, groups, folder, options);
  const chain = cutChain(graph, groups, { ...options, ...(known ? { known } : {}) });

  return inWorkFolder(outDir, async (work, publish) => {
    progress('writing the parts');
    const parts: PartDescription[] = [];
    for (const [i, part] of chain.parts.entries()) {
      const name = i === 0 ? 'head' : i === chain.parts.length - 1 ? 'tail' : `middle-${i}`;
      parts.push(await writePart(part, name, folder, work, known));
    }
    let verification: Verification | null = null;
    if (options.verify !== false) {
      progress('running the parts against the whole model');
      const paths = parts.map((part) => join(work, part.file));
      const crossing = groups.flat();
      verification = await verifyParts(modelPath, paths, crossing, options);
      if (!verification.ok) throw differs(verification);
    }
    const isOutput = new Set(graph.outputs);
    const description: SplitDescription = {
      format: 'slicer-cut',
      version: 2,
      model: { file: basename(modelPath), bytes: bytes.length, sha256: await sha256(bytes) },
      cuts: chain.cuts.map((tensors) => ({
        tensors: tensors.map((tensor) => ({ ...tensor, ...(isOutput.has(tensor.name) ? { output: true } : {}) })),
      })),
      parts,
      verification,
    };
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(work, 'cut.json'), `${JSON.stringify(description, null, 2)}\n`);
    const names = parts.flatMap((part) => (part.data ? [part.data, part.file] : [part.file]));
    return { description, files: await publish([...names, 'cut.json']) };
  });
}

function groupsOf(places: CutPlaces): string[][] {
  if (typeof places === 'string') return [[places]];
  const groups = places.every((place): place is string => typeof place === 'string')
    ? [[...(places as readonly string[])]]
    : (places as readonly (readonly string[])[]).map((group) => [...group]);
  if (groups.length > 0 && groups.every((group) => group.length > 0)) return groups;
  throw onnxError('invalid_option', 'no tensor to cut at was named', 'See `slicer cuts` for the names there are.');
}

/** Asks the runtime for what the file does not say, where it matters and where the runtime is there. */
async function knownValues(graph: Graph, groups: string[][], folder: string, options: SplitFileOptions) {
  const names = namesToKnow(graph, groups, options);
  if (names.every((name) => tensorInfo(graph, name)?.dims)) return undefined;
  try {
    return await describeValues(graph.model, names, folder);
  } catch (error) {
    // Without the runtime the file itself has to do; where it does not, the cut says so.
    if ((error as { code?: string }).code === 'invalid_option' && options.verify === false) return undefined;
    throw error;
  }
}

async function writePart(
  part: ModelPart,
  name: string,
  folder: string,
  work: string,
  known: ReadonlyMap<string, TensorInfo> | undefined,
): Promise<PartDescription> {
  const { writeFile } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const data = `${name}.data`;
  const { bytes, dataFile } = await writeWithData(part.model, folder, work, data);
  await writeFile(join(work, `${name}.onnx`), bytes);
  const graph = buildGraph(part.model);
  const values = (names: readonly string[]) =>
    names.map((value): PartValue => {
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
    `the parts do not reproduce the model: outputs up to ${found.maxOutput} differ by up to ${found.maxDifference}`,
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
