/** `slicer inspect FILE`: every field and the bytes of every section, of a standalone frame or of a container. */
import { SlicerError } from '../codec/errors.js';
import type { FrameInfo } from '../codec/types.js';
import { type Container, type ContainerRecord, sniff, unpackMap } from '../container/index.js';
import { inspect } from '../entry/index.js';
import { readInput } from './files.js';
import { openBytes } from './pick.js';
import { type CommonOptions, columns, count, Reporter, safe, short } from './report.js';

/** Flags of `inspect`. */
export interface InspectFlags extends CommonOptions {
  recover?: boolean;
}

/** Records shown to people; programs get all of them. */
const SHOWN_RECORDS = 100;

export async function inspectCommand(input: string, flags: InspectFlags): Promise<void> {
  const reporter = new Reporter(flags);
  const bytes = await readInput(input);
  if (sniff(bytes) === 'frame') {
    const info = inspect(bytes);
    reporter.result({ command: 'inspect', input, kind: 'frame', ...info }, describeFrame(input, info));
    return;
  }
  const container = openBytes(bytes, flags.recover, reporter);
  const info = containerInfo(container);
  reporter.result({ command: 'inspect', input, kind: 'container', ...info }, describeContainer(input, info));
}

function describeFrame(input: string, info: FrameInfo): string[] {
  const fields = info.entries.map((e) => [
    `  ${e.field}`,
    `${e.start}…${e.end - 1}`,
    `${count(e.end - e.start)} B`,
    short(e.value),
  ]);
  const sections = Object.entries(info.sections).map(([name, bytes]) => [`  ${name}`, `${count(bytes)} B`]);
  return [
    `${input}: standalone frame, version ${info.version} draft ${info.draft}, ${count(info.bytes)} B`,
    `${info.type} [${info.dims.join(', ')}], ${count(info.size)} values`,
    'fields (name, bytes from…to, length, value)',
    ...columns(fields, new Set([1, 2])),
    'sections',
    ...columns(sections, new Set([1])),
  ];
}

interface RecordInfo {
  offset: number;
  kind: string;
  bytes: number;
  setup?: number;
  tensor?: string;
  step?: number;
  name?: string;
  type?: number;
  value?: unknown;
  frame?: FrameInfo;
  /** Code of the error that the bytes inside give. */
  error?: string;
}

interface ContainerInfo {
  bytes: number;
  header: unknown;
  sealed: boolean;
  tensors: readonly string[];
  sections: Record<string, number>;
  records: RecordInfo[];
}

function containerInfo(container: Container): ContainerInfo {
  const records: RecordInfo[] = [];
  // The sum of all sections is the size of the file: each record counts with its header and padding.
  const sections: Record<string, number> = { fileHeader: 8 };
  for (const record of container.records()) {
    const info = recordInfo(container, record);
    records.push(info);
    sections[info.kind] = (sections[info.kind] ?? 0) + info.bytes;
  }
  const { byteLength, header, sealed, names } = container;
  return { bytes: byteLength, header, sealed, tensors: names, sections, records };
}

function recordInfo(container: Container, record: ContainerRecord & { end: number }): RecordInfo {
  const info: RecordInfo = { offset: record.offset, kind: record.kind, bytes: record.end - record.offset };
  if ('setup' in record) info.setup = record.setup;
  if ('step' in record) {
    info.step = record.step;
    info.tensor = container.nameOf(record.tensor);
  }
  if (record.kind === 'tensor') info.name = record.name;
  if (record.kind === 'skipped') info.type = record.type;
  if (record.kind === 'metadata') info.value = attempt(info, () => unpackMap(record.bytes, record.offset + 16));
  if (record.kind === 'frame') info.frame = attempt(info, () => inspect(record.bytes));
  return info;
}

/** A record whose inside is broken is shown with its error; the others are still worth seeing. */
function attempt<T>(info: RecordInfo, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SlicerError)) throw error;
    info.error = error.code;
    return undefined;
  }
}

function describeContainer(input: string, info: ContainerInfo): string[] {
  const rows = info.records
    .slice(0, SHOWN_RECORDS)
    .map((r) => [`  ${r.offset}`, r.kind, `${count(r.bytes)} B`, details(r)]);
  const more = info.records.length - rows.length;
  const sections = Object.entries(info.sections).map(([name, bytes]) => [`  ${name}`, `${count(bytes)} B`]);
  return [
    `${input}: container, ${count(info.bytes)} B, ${count(info.records.length)} records, ${info.sealed ? 'sealed' : 'no index'}`,
    `header ${safe(JSON.stringify(info.header))}`,
    'records (offset, kind, bytes with header and padding)',
    ...columns(rows, new Set([0, 2])),
    ...(more > 0 ? [`  and ${count(more)} more: see --json`] : []),
    'sections',
    ...columns(sections, new Set([1])),
  ];
}

function details(r: RecordInfo): string {
  const parts: string[] = [];
  if (r.step !== undefined) parts.push(`step ${r.step}`);
  if (r.tensor !== undefined) parts.push(safe(r.tensor));
  if (r.name !== undefined) parts.push(safe(r.name));
  if (r.setup !== undefined) parts.push(`setup ${r.setup}`);
  if (r.type !== undefined) parts.push(`type 0x${r.type.toString(16)}`);
  if (r.frame) parts.push(`${r.frame.type} [${r.frame.dims.join(', ')}]`);
  if (r.value !== undefined) parts.push(safe(JSON.stringify(r.value)));
  if (r.error) parts.push(`error ${r.error}`);
  return parts.join(', ');
}
