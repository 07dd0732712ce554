/** Containers through the SDK: scanning, recovery, and streaming answer as the vectors say. */

import { readContainer, recoverContainer } from 'slicer-codec/container';
import { expect, test } from 'vitest';
import { containerVectors } from '../generator/container-vectors.ts';

type Container = ReturnType<typeof readContainer>;

const found = (c: Container) => ({
  entries: [...c.entries()].map((e) => [e.kind, e.offset, e.length, e.step, e.setup, e.tensor]),
  names: [...c.names],
  sealed: c.sealed,
});

function outcome(make: () => object) {
  try {
    return make();
  } catch (error) {
    const { code, offset } = error as { code?: string; offset?: number };
    if (code === undefined) throw error;
    return { error: code, offset };
  }
}

test.each(containerVectors())('$id: $about', ({ bytes, scan, recover }) => {
  expect(outcome(() => found(readContainer(bytes)))).toEqual(scan);
  const recovered = outcome(() => {
    const r = recoverContainer(bytes);
    expect(r.keptBytes + r.droppedBytes).toBe(bytes.length);
    return { ...found(r.container), kept: r.keptBytes, stopped: r.error?.code };
  });
  expect(recovered).toEqual({ ...('error' in recover ? {} : { stopped: undefined }), ...recover });
});
