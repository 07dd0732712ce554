/** Raw bodies, shapes and metadata. */
import type { Collection } from '../collection.ts';
import { bytesOfElements, TYPES } from '../elements.ts';
import { setupOf } from '../model.ts';
import { elementsOf, type Source } from '../samples.ts';

/** § 5.1, § 4.1, § 4.4. */
export function rawVectors(out: Collection, source: Source): void {
  const random = source('raw');
  for (const type of TYPES) {
    const raw = bytesOfElements(type, elementsOf(type, 15, random));
    const s = setupOf({ type, dims: [3, 5] });
    out.good(`raw-${type}`, `${type} elements as they are`, '3.1 4 4.1 5.1', s, { raw }, { flags: ['special-values'] });
  }
  const bytes = (n: number) => Uint8Array.from(random.list(n, (i) => i * 7 + 1));
  const int8 = (dims: number[]) => setupOf({ type: 'int8', dims });
  out.good('raw-scalar', 'rank 0 is one element', '4.1 5.1', int8([]), { raw: bytes(1) });
  out.good('raw-rank-8', 'the highest rank', '4.1 5.1', int8([1, 2, 1, 3, 1, 1, 2, 1]), { raw: bytes(12) });
  out.good('raw-empty', 'a dim of 0', '4.1 5.1', int8([3, 0, 4]), { raw: bytes(0) });
  out.good('raw-two-byte-dim', 'a dim of 128 takes two bytes', '2 4.1', int8([128]), { raw: bytes(128) });
  const metadata = [
    { type: 64, data: [...Buffer.from('metadata')] },
    { type: 300, data: [] },
    { type: 5, data: [1, 2, 3] },
  ];
  out.good('raw-metadata', 'three records to step over', '4.4', { ...int8([4]), metadata }, { raw: bytes(4) });
  out.good('raw-no-metadata', 'a count of no records', '4.4', { ...int8([4]), metadata: [] }, { raw: bytes(4) });
}
