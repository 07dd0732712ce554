/** What must hold for any bytes: the four ways of reading a container tell the same story about it. */
import assert from 'node:assert/strict';
import { SlicerError } from '../../src/codec/errors.js';
import {
  type Container,
  type ContainerLimits,
  type ContainerRecord,
  ContainerStream,
  ContainerWriter,
  openContainer,
  readContainer,
  recoverContainer,
  sniff,
  unpackMap,
} from '../../src/container/index.js';
import { concat } from './model.js';

/** The errors of `spec/container.md` § 12. */
const CODES: ReadonlySet<string> = new Set([
  'bad_magic',
  'unsupported_version',
  'unsupported_feature',
  'truncated',
  'checksum_mismatch',
  'limit_exceeded',
  'bad_container',
]);
/** Those that recovery goes on after (§ 10). */
const DAMAGE: ReadonlySet<string> = new Set(['truncated', 'checksum_mismatch', 'bad_container']);

/** Where and why something was refused. */
interface Refusal {
  code: string;
  offset: number;
}

/** Bytes in pieces of these sizes, over and over. */
function pieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    out.push(bytes.slice(at, at + sizes[i % sizes.length]));
    at += sizes[i % sizes.length];
  }
  return out;
}

/**
 * Reads `bytes` by scanning, as a stream in pieces of these sizes, by seeking, and by recovering. Throws where one of them ends in
 * anything but an answer or an error of the specification that points into the bytes, or where they contradict each other.
 * Resolves with the code of the scan, or 'whole'.
 */
export async function checkReadings(
  bytes: Uint8Array,
  sizes: readonly number[],
  limits?: ContainerLimits,
): Promise<string> {
  const refusal = (error: unknown): Refusal => {
    if (!(error instanceof SlicerError)) throw error;
    const { code, offset, advice } = error;
    assert(CODES.has(code) && advice !== '', `${code}: ${error.message}`);
    assert(
      Number.isInteger(offset) && offset >= 0 && offset <= bytes.length,
      `${code} at ${offset} of ${bytes.length}`,
    );
    return { code, offset };
  };
  const attempt = <T>(make: () => T): T | Refusal => {
    try {
      return make();
    } catch (error) {
      return refusal(error);
    }
  };
  const scanned = attempt(() => readContainer(bytes, limits));
  const kind = attempt(() => sniff(bytes));
  if (!refused(scanned)) assert.equal(kind, 'container');

  const streamed = await records(new ContainerStream(pieces(bytes, sizes), limits)).catch(refusal);
  if (refused(scanned)) assert.deepEqual(streamed, scanned, 'scanning and streaming disagree');
  else assert.deepEqual(streamed, plain([...scanned.records()]), 'scanning and streaming disagree');
  if (Array.isArray(streamed)) for (const record of streamed) maps(record, attempt);

  checkRecovery(bytes, scanned, attempt, limits);
  await checkSeeking(bytes, scanned, refusal, limits);
  return refused(scanned) ? scanned.code : 'whole';
}

type Attempt = <T>(make: () => T) => T | Refusal;

function refused(answer: unknown): answer is Refusal {
  return typeof answer === 'object' && answer !== null && 'code' in answer;
}

async function records(stream: ContainerStream): Promise<ContainerRecord[]> {
  const found: ContainerRecord[] = [];
  for await (const record of stream) found.push(record);
  return found;
}

/** Records without what only a scan says of them; bytes by value, not by the view that holds them. */
function plain(list: (ContainerRecord & { end?: number })[]): unknown[] {
  return list.map(({ end, ...record }) => ('bytes' in record ? { ...record, bytes: record.bytes.slice() } : record));
}

/** A metadata map is one, or an error; a header was checked already. */
function maps(record: ContainerRecord, attempt: Attempt): void {
  if (record.kind === 'metadata') attempt(() => unpackMap(record.bytes, record.offset + 16));
}

/** What is kept reads again, is all that was sound, and can be gone on from. */
function checkRecovery(
  bytes: Uint8Array,
  scanned: Container | Refusal,
  attempt: Attempt,
  limits: ContainerLimits | undefined,
): void {
  const found = attempt(() => recoverContainer(bytes, limits));
  if (refused(found)) {
    // What cannot be recovered cannot be scanned either, for the same reason; or an index that was stale, and became the last
    // one because something after it is damaged, is a newer writer's.
    const newer = found.code === 'unsupported_feature' && refused(scanned) && DAMAGE.has(scanned.code);
    if (!newer) assert.deepEqual(found, scanned, 'recovering and scanning disagree');
    return;
  }
  const { container, recovered, keptBytes, droppedBytes, error } = found;
  assert.equal(keptBytes + droppedBytes, bytes.length);
  assert.equal(container.byteLength, keptBytes);
  assert.equal(recovered, refused(scanned));
  if (refused(scanned)) {
    assert(DAMAGE.has(scanned.code), `recovered after ${scanned.code}`);
    assert.deepEqual({ code: error?.code, offset: error?.offset }, { ...scanned });
  }
  const again = readContainer(bytes.subarray(0, keptBytes), limits);
  assert.deepEqual([...again.entries()], [...container.entries()]);
  assert.deepEqual(again.names, container.names);
  if (limits) return;
  const writer = ContainerWriter.append(container);
  const position = writer.position;
  writer.finish();
  const sealed = readContainer(concat(bytes.subarray(0, position), writer.take()));
  assert(sealed.sealed);
  assert.deepEqual([...sealed.entries()], [...container.entries()]);
}

/** An index may hide damage until the damaged record is read; otherwise seeking says what scanning says. */
async function checkSeeking(
  bytes: Uint8Array,
  scanned: Container | Refusal,
  refusal: (error: unknown) => Refusal,
  limits: ContainerLimits | undefined,
): Promise<void> {
  const read = async (offset: number, length: number) => {
    assert(offset >= 0 && length >= 0 && offset + length <= bytes.length, `read ${length} bytes at ${offset}`);
    return bytes.slice(offset, offset + length);
  };
  const file = await openContainer({ size: bytes.length, read }, limits).catch(refusal);
  if (refused(file)) {
    assert(refused(scanned), `seeking refused what scanning reads: ${file.code} at ${file.offset}`);
    return;
  }
  if (!refused(scanned)) {
    assert.equal(file.sealed, scanned.sealed);
    assert.deepEqual(file.names, scanned.names);
    assert.deepEqual(file.header, scanned.header);
    assert.deepEqual([...file.entries()], [...scanned.entries()]);
  }
  for (const entry of file.entries()) {
    const got: Uint8Array | Refusal = await file.read(entry).catch(refusal);
    const setup: Uint8Array | Refusal | undefined =
      entry.setup === 0 ? undefined : await file.setup(entry.setup).catch(refusal);
    if (refused(scanned)) continue;
    assert.deepEqual(got, scanned.read(entry).slice());
    if (setup) assert.deepEqual(setup, scanned.setup(entry.setup).slice());
  }
}
