/** `slicer decode IN.slcr OUT.npy`: a standalone frame, or one tensor of a container. */
import { sniff } from '../container/index.js';
import { decode } from '../entry/index.js';
import { npyPieces } from '../npy/index.js';
import { readInput, writeOutput } from './files.js';
import { decodeEntry, openBytes, type PickFlags, pick } from './pick.js';
import { type CommonOptions, count, Reporter } from './report.js';

/** Flags of `decode`. */
export interface DecodeFlags extends CommonOptions, PickFlags {
  maxBytes?: number;
  maxWork?: number;
  profile?: string[];
}

export async function decodeCommand(input: string, output: string, flags: DecodeFlags): Promise<void> {
  const reporter = new Reporter(flags, output);
  reporter.stage(`reading ${input}`);
  const bytes = await readInput(input);
  reporter.size(bytes.length);
  reporter.stage(`decoding ${count(bytes.length)} bytes`);
  const profiles: Uint8Array[] = [];
  for (const path of flags.profile ?? []) profiles.push(await readInput(path));
  const options = { maxBytes: flags.maxBytes, maxWork: flags.maxWork, profiles };
  let tensor: ReturnType<typeof decode>;
  if (sniff(bytes) === 'frame') {
    tensor = decode(bytes, options);
  } else {
    const container = openBytes(bytes, flags.recover, reporter);
    tensor = decodeEntry(container, pick(container, flags), options);
  }
  const pieces = npyPieces(tensor);
  reporter.stage(`writing ${output}`);
  await writeOutput(output, pieces);
  const { type, dims } = tensor;
  const written = pieces[0].length + pieces[1].length;
  reporter.result({ command: 'decode', input, output, type, dims, bytesIn: bytes.length, bytesOut: written }, [
    `${output}: ${type} [${dims.join(', ')}], ${count(written)} B from ${count(bytes.length)} B`,
  ]);
}
