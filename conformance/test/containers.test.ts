/** Containers through the SDK: scanning and recovery answer as the vectors say. */
import * as containers from 'slicer-codec/container';
import { expect, test } from 'vitest';
import { containerVectors } from '../generator/container-vectors.ts';
import { judgeContainer } from '../suite/containers.ts';

test.each(containerVectors())('$id: $about', ({ bytes, ...vector }) => {
  expect(judgeContainer(containers, vector, bytes).complaints).toEqual([]);
});

test('a reader that is wrong is named', () => {
  const cut = containerVectors().find((v) => v.id === 'container-cut-index')!;
  const deaf = { ...containers, readContainer: (bytes: Uint8Array) => containers.recoverContainer(bytes).container };
  expect(judgeContainer(deaf, cut, cut.bytes).complaints).toEqual([
    expect.stringMatching(/^read: .*entries.* instead of .*truncated/),
  ]);
});
