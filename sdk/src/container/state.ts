/**
 * What is known about a container after some of its records: header, names, setups, entries. Every way of reading feeds its records
 * through {@link ContainerState.accept}, so there is one place for the fields of each record type (`spec/container.md` § 7).
 */
import {
  FixedBytes,
  FormatLimit,
  FRAME_MAGIC,
  INDEX_ENTRY_BYTES,
  INDEX_ENTRY_RESERVED,
  RECORD_HEADER_BYTES,
  RecordType,
} from './format.js';
import { type ContainerLimits, fail } from './limits.js';
import { type ContainerMap, unpackMap } from './msgpack.js';
import { OrderRules } from './order.js';
import { type RecordHeader, startsWith } from './record.js';
import { type ContainerEntry, EntryTable, indexEntries } from './table.js';
import { decodeText } from './text.js';

/** A record after all checks. `bytes` is a view of the input where the input was in memory. */
export type ContainerRecord =
  | { kind: 'header'; offset: number; value: ContainerMap }
  | { kind: 'tensor'; offset: number; tensor: number; name: string }
  | { kind: 'setup'; offset: number; setup: number; bytes: Uint8Array }
  | { kind: 'body'; offset: number; setup: number; tensor: number; step: number; bytes: Uint8Array }
  | { kind: 'frame'; offset: number; tensor: number; step: number; bytes: Uint8Array }
  | { kind: 'metadata'; offset: number; bytes: Uint8Array }
  | { kind: 'index'; offset: number; bytes: Uint8Array }
  | { kind: 'skipped'; offset: number; type: number; bytes: Uint8Array };

export class ContainerState {
  header: ContainerMap | undefined;
  readonly names: string[] = [];
  readonly nameIds = new Map<string, number>();
  readonly setups: Uint8Array[] = [];
  table = new EntryTable();
  rules = new OrderRules();
  records = 0;
  /** The record accepted last, when it was an index. */
  private lastIndex: { offset: number; payload: Uint8Array } | undefined;
  private nameBytes = 0;
  private setupBytes = 0;

  constructor(readonly limits: Required<ContainerLimits>) {}

  /** Offset of the index when the record accepted last was one. */
  get indexOffset(): number | undefined {
    return this.lastIndex?.offset;
  }

  /** Checks the fields of one record whose payload is whole and undamaged. On an error the state is as it was. */
  accept(head: RecordHeader, payload: Uint8Array): ContainerRecord {
    if (this.records >= this.limits.maxRecords) {
      throw fail('limit_exceeded', `More than ${this.limits.maxRecords} records (maxRecords).`, head.offset);
    }
    if ((this.records === 0) !== (head.type === RecordType.header)) {
      const message = this.records === 0 ? 'The first record is not a header.' : 'A second header.';
      throw fail('bad_container', message, head.offset);
    }
    const record = this.interpret(head, payload);
    this.lastIndex = record.kind === 'index' ? { offset: head.offset, payload } : undefined;
    this.records++;
    return record;
  }

  /** To be called at the end of the file: a last index must agree with the records. */
  finish(): void {
    if (!this.lastIndex) return;
    const { offset, payload } = this.lastIndex;
    const base = offset + RECORD_HEADER_BYTES;
    const claimed = indexEntries(payload, base, offset);
    const found = this.table.encoded();
    if (claimed.length !== found.length) {
      throw fail(
        'bad_container',
        `The index lists ${claimed.length / 32} records; there are ${this.table.count}.`,
        base,
      );
    }
    const differs = found.findIndex((byte, i) => byte !== claimed[i]);
    // What is reserved is 0 in what was found, so a difference there is a newer writer's, and no damage.
    const field = differs % INDEX_ENTRY_BYTES;
    if (field === INDEX_ENTRY_RESERVED || field === INDEX_ENTRY_RESERVED + 1) {
      const at = base + 8 + differs - field + INDEX_ENTRY_RESERVED;
      throw fail('unsupported_feature', 'A reserved field of an index entry is not 0.', at);
    }
    if (differs >= 0) {
      throw fail('bad_container', 'The index does not agree with the records.', base + 8 + differs);
    }
  }

  /** Forgets a last index that turned out to be wrong; `before` is the record before it, when that is an index too. */
  dropIndex(before: { offset: number; bytes: Uint8Array } | undefined): void {
    this.lastIndex = before && { offset: before.offset, payload: before.bytes };
    this.records--;
  }

  /** An independent copy, without a last index: what a writer goes on from. */
  copy(): ContainerState {
    const copy = new ContainerState(this.limits);
    copy.header = this.header;
    copy.names.push(...this.names);
    for (const [name, id] of this.nameIds) copy.nameIds.set(name, id);
    copy.setups.push(...this.setups);
    copy.table = this.table.copy();
    copy.rules = this.rules.copy();
    copy.records = this.lastIndex ? this.records - 1 : this.records;
    copy.nameBytes = this.nameBytes;
    copy.setupBytes = this.setupBytes;
    return copy;
  }

  private interpret(head: RecordHeader, payload: Uint8Array): ContainerRecord {
    const { offset, length } = head;
    const base = offset + RECORD_HEADER_BYTES;
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    switch (head.type) {
      case RecordType.header:
        this.header = unpackMap(payload, base);
        return { kind: 'header', offset, value: this.header };
      case RecordType.tensor: {
        needFixed(payload, FixedBytes.tensor + 1, base);
        const tensor = view.getUint32(0, true);
        const name = this.checkName(tensor, payload.subarray(FixedBytes.tensor), base);
        this.table.push({ kind: 'tensor', offset, length, step: 0, setup: 0, tensor });
        return { kind: 'tensor', offset, tensor, name };
      }
      case RecordType.setup: {
        needFixed(payload, FixedBytes.setup + 1, base);
        const setup = view.getUint32(0, true);
        const bytes = payload.subarray(FixedBytes.setup);
        if (view.getUint32(4, true) !== 0) throw reserved(base + 4);
        this.checkSetupLimits(bytes.length, base);
        this.rules.setup(setup, base);
        this.setupBytes += bytes.length;
        this.setups.push(bytes);
        this.table.push({ kind: 'setup', offset, length, step: 0, setup, tensor: 0 });
        return { kind: 'setup', offset, setup, bytes };
      }
      case RecordType.body:
      case RecordType.frame: {
        const entry = readDataFields(head, payload);
        this.rules.data(entry.kind, entry.setup, entry.tensor, entry.step, base);
        this.table.push(entry);
        const { setup, tensor, step } = entry;
        const bytes = payload.subarray(FixedBytes.body);
        if (entry.kind === 'frame') return { kind: 'frame', offset, tensor, step, bytes };
        return { kind: 'body', offset, setup, tensor, step, bytes };
      }
      case RecordType.metadata:
        return { kind: 'metadata', offset, bytes: payload };
      case RecordType.index:
        return { kind: 'index', offset, bytes: payload };
      default:
        return { kind: 'skipped', offset, type: head.type, bytes: payload };
    }
  }

  private checkName(id: number, utf8: Uint8Array, base: number): string {
    if (utf8.length > FormatLimit.nameBytes) {
      throw fail(
        'bad_container',
        `A tensor name of ${utf8.length} bytes; ${FormatLimit.nameBytes} is the most.`,
        base + 4,
      );
    }
    if (this.names.length >= this.limits.maxTensors) {
      throw fail('limit_exceeded', `More than ${this.limits.maxTensors} tensor names (maxTensors).`, base);
    }
    if (this.nameBytes + utf8.length > this.limits.maxNameBytes) {
      throw fail(
        'limit_exceeded',
        `Tensor names longer than ${this.limits.maxNameBytes} bytes (maxNameBytes).`,
        base + 4,
      );
    }
    const name = decodeText(utf8);
    if (name === undefined) throw fail('bad_container', 'A tensor name that is not UTF-8 text.', base + 4);
    if (this.nameIds.has(name)) throw fail('bad_container', `The tensor name ${JSON.stringify(name)} twice.`, base + 4);
    this.rules.tensor(id, base);
    this.nameBytes += utf8.length;
    this.names.push(name);
    this.nameIds.set(name, id);
    return name;
  }

  private checkSetupLimits(bytes: number, base: number): void {
    if (this.setups.length >= this.limits.maxSetups) {
      throw fail('limit_exceeded', `More than ${this.limits.maxSetups} setups (maxSetups).`, base);
    }
    if (this.setupBytes + bytes > this.limits.maxSetupBytes) {
      throw fail('limit_exceeded', `Setups of more than ${this.limits.maxSetupBytes} bytes (maxSetupBytes).`, base + 8);
    }
  }
}

/** Reads and checks the 16 fixed bytes of a body or frame, without the order rules. */
export function readDataFields(head: RecordHeader, payload: Uint8Array): ContainerEntry & { kind: 'body' | 'frame' } {
  const base = head.offset + RECORD_HEADER_BYTES;
  needFixed(payload, FixedBytes.body, base);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const kind = head.type === RecordType.body ? 'body' : 'frame';
  const setup = view.getUint32(0, true);
  const step = view.getBigUint64(8, true);
  if (kind === 'frame' && setup !== 0) throw reserved(base);
  if (step > BigInt(FormatLimit.step)) throw fail('bad_container', 'A step beyond 2^53 - 1.', base + 8);
  if (kind === 'frame' && !startsWith(payload.subarray(FixedBytes.frame), FRAME_MAGIC)) {
    throw fail('bad_container', 'A frame record without a standalone frame in it.', base + FixedBytes.frame);
  }
  const { offset, length } = head;
  return { kind, offset, length, step: Number(step), setup, tensor: view.getUint32(4, true) };
}

function needFixed(payload: Uint8Array, least: number, base: number): void {
  if (payload.length < least) {
    throw fail('bad_container', `A payload of ${payload.length} bytes where ${least} is the least.`, base);
  }
}

function reserved(offset: number) {
  return fail('unsupported_feature', 'A reserved field is not 0.', offset);
}
