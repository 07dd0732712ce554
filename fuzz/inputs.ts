/** The inputs of the Rust targets, as `checks.rs` takes them apart, for other decoders. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checksum } from '../conformance/generator/crc32c.ts';
import type { Agreement } from '../conformance/suite/agree.ts';

/** `SLCP`, version, draft: what precedes the hash of a profile's content. */
export const PROFILE_HEAD = [0x53, 0x4c, 0x43, 0x50, 0, 2];
const ID_HERE = Buffer.from('<the id>');

/** The targets whose inputs are streams. */
export const TARGETS = ['frame', 'stream', 'profile'] as const;
export type Target = (typeof TARGETS)[number];

export interface Input {
  target: Target;
  name: string;
  bytes: Uint8Array;
}

/** Every input below `folder` (fuzz/corpus or fuzz/work), in the order of their names. */
export function inputsIn(folder: string): Input[] {
  return TARGETS.flatMap((target) => {
    const own = join(folder, target);
    if (!existsSync(own)) return [];
    const read = (name: string): Input[] => {
      try {
        return [{ target, name, bytes: new Uint8Array(readFileSync(join(own, name))) }];
      } catch {
        // A fuzzer at work replaces its inputs by smaller ones.
        return [];
      }
    };
    return readdirSync(own).sort().flatMap(read);
  });
}

/** Shows both decoders what an input of a target stands for. */
export function showInput(both: Agreement, target: Target, data: Uint8Array): void {
  if (target === 'frame') {
    both.frame(sealed(data));
    both.frame(data);
  } else if (target === 'stream') {
    if (data.length < 2) return;
    const [length, count] = data;
    const [setup, rest] = [data.subarray(2, 2 + length), data.subarray(2 + length)];
    const size = Math.max(1, Math.floor(rest.length / (1 + (count % 4))));
    const bodies = Array.from({ length: Math.ceil(rest.length / size) }, (_, i) =>
      rest.subarray(size * i, size * (i + 1)),
    );
    both.stream(setup, bodies);
  } else {
    if (data.length < 2) return;
    const length = data[0] | (data[1] << 8);
    const content = data.subarray(2, 2 + length);
    const id = createHash('sha256').update(content).digest();
    const frame = Buffer.from(data.subarray(2 + length));
    const at = frame.indexOf(ID_HERE);
    if (at >= 0) frame.set(id.subarray(0, 8), at);
    both.frame(sealed(frame), [Uint8Array.of(...PROFILE_HEAD, ...id, ...content)]);
  }
}

function sealed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(...bytes, ...checksum(bytes));
}
