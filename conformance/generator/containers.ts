/** Containers (`spec/container.md`): files, what scanning them must give, and what recovery must keep. Written by hand, record by record. */
import { checksum } from './crc32c.ts';

/** The error codes of `spec/container.md` § 12. */
export type ContainerCode =
  | 'bad_magic'
  | 'unsupported_version'
  | 'unsupported_feature'
  | 'truncated'
  | 'checksum_mismatch'
  | 'limit_exceeded'
  | 'bad_container';

/** A line of the index (§ 7.7): kind, offset, payload length, step, setup id, tensor id. */
export type Entry = [kind: string, offset: number, length: number, step: number, setup: number, tensor: number];

/** What a reader must say of a file. */
export type Found = { entries: Entry[]; names: string[]; sealed: boolean };
/** An error, and the offset that § 12 asks for. */
export type Failed = { error: ContainerCode; offset: number };

/** One file. */
export interface ContainerVector {
  id: string;
  about: string;
  /** Of `spec/container.md`. */
  sections: string[];
  bytes: Uint8Array;
  scan: Found | Failed;
  /** Recovery (§ 10): what is kept, up to which byte, and what stopped it; an error where nothing may be kept. */
  recover: (Found & { kept: number; stopped?: ContainerCode }) | Failed;
}

const TYPE = { header: 1, tensor: 2, setup: 3, body: 4, frame: 5, metadata: 6, index: 7 } as const;
const OPTIONAL = new Set<number>([TYPE.metadata, TYPE.index]);

/** A record to write; `fault` changes what stands there, checksums following unless they are at fault themselves. */
export interface Rec {
  type: number;
  flags?: number;
  payload: number[];
  /** For the index and for entries: what the record stands for. */
  entry?: { kind: string; step?: number; setup?: number; tensor?: number; name?: string };
  fault?: { length?: number; payloadCrc?: number; headerCrc?: number; padding?: number };
}

const u16 = (v: number) => [v & 255, (v >> 8) & 255];
const u32 = (v: number) => [...u16(v), ...u16(v >>> 16)];
const u64 = (v: number) => [...u32(v % 2 ** 32), ...u32(Math.floor(v / 2 ** 32))];
export const text = (s: string) => [...Buffer.from(s, 'utf8')];
const string = (s: string) => [0xa0 | s.length, ...text(s)];
/** A small map of MessagePack. */
export const map = (pairs: [string, number[]][]) => [
  0x80 | pairs.length,
  ...pairs.flatMap(([k, v]) => [...string(k), ...v]),
];

export const header = (payload = map([['creator', string('example')]])): Rec => ({ type: TYPE.header, payload });
export const tensor = (id: number, name: number[]): Rec => ({
  type: TYPE.tensor,
  payload: [...u32(id), ...name],
  entry: { kind: 'tensor', tensor: id, name: Buffer.from(name).toString('utf8') },
});
export const setup = (id: number, bytes = [0xaa, 0xaa, 0xaa], reserved = 0): Rec => ({
  type: TYPE.setup,
  payload: [...u32(id), ...u32(reserved), ...bytes],
  entry: { kind: 'setup', setup: id },
});
export const body = (of: number, name: number, step: number, bytes = [0xb0, 0xb1, 0xb2]): Rec => ({
  type: TYPE.body,
  payload: [...u32(of), ...u32(name), ...u64(step), ...bytes],
  entry: { kind: 'body', setup: of, tensor: name, step },
});
export const frame = (name: number, step: number, bytes = [0x53, 0x4c, 0x43, 0x46, 1, 2], reserved = 0): Rec => ({
  type: TYPE.frame,
  payload: [...u32(reserved), ...u32(name), ...u64(step), ...bytes],
  entry: { kind: 'frame', tensor: name, step },
});
export const metadata = (): Rec => ({ type: TYPE.metadata, payload: map([['step', [1]]]) });
/** An index of the records before it; `change` gets its payload. */
export const index = (change: (payload: number[], at: number) => void = () => {}): Rec & { change: typeof change } => ({
  type: TYPE.index,
  payload: [],
  change,
});

/** A record's bytes. */
function recordBytes({ type, flags = OPTIONAL.has(type) ? 1 : 0, payload, fault = {} }: Rec): number[] {
  const crc = (bytes: number[], by: number) => checksum(bytes).map((b, i) => (i === 0 ? b ^ by : b));
  const head = [
    ...u16(type),
    ...u16(flags),
    ...u32(fault.length ?? payload.length),
    ...crc(payload, fault.payloadCrc ?? 0),
  ];
  const padding = new Array<number>((8 - (payload.length % 8)) % 8).fill(0);
  if (fault.padding) padding[padding.length - 1] = fault.padding;
  return [...head, ...crc(head, fault.headerCrc ?? 0), ...payload, ...padding];
}

function indexPayload(entries: readonly Entry[], at: number): number[] {
  const lines = entries.flatMap(([kind, offset, length, step, ofSetup, name]) => [
    ...u64(offset),
    ...u64(step),
    ...u16(TYPE[kind as keyof typeof TYPE]),
    ...u16(0),
    ...u32(length),
    ...u32(ofSetup),
    ...u32(name),
  ]);
  return [...u32(entries.length), ...u32(0), ...lines, ...u64(at), ...text('SLCRINDX')];
}

/** A file, where its records begin, and what stands before each of them. */
export interface Written {
  bytes: number[];
  starts: number[];
  /** Entries and names before record i; the last is that of the whole. */
  before: { entries: Entry[]; names: string[] }[];
  records: readonly Rec[];
}

/** Writes a file. */
export function write(records: readonly Rec[], fileHeader = [...text('SLCR'), 0, 1, 0, 0]): Written {
  const bytes = [...fileHeader];
  const [starts, before]: [number[], Written['before']] = [[], []];
  let [entries, names]: [Entry[], string[]] = [[], []];
  for (const record of records) {
    starts.push(bytes.length);
    before.push({ entries, names });
    const made = { ...record };
    if ('change' in record) {
      made.payload = indexPayload(entries, bytes.length);
      (record.change as (p: number[], at: number) => void)(made.payload, bytes.length);
    }
    const e = record.entry;
    if (e) {
      entries = [...entries, [e.kind, bytes.length, made.payload.length, e.step ?? 0, e.setup ?? 0, e.tensor ?? 0]];
      if (e.name !== undefined) names = [...names, e.name];
    }
    bytes.push(...recordBytes(made));
  }
  starts.push(bytes.length);
  before.push({ entries, names });
  return { bytes, starts, before, records };
}
