/** What a reader of containers answers (container.md, appendix A): what lies in a file, or an error and its place. */
import type * as container from 'slicer-codec/container';

/** What reads containers. */
export type Containers = Pick<typeof container, 'readContainer' | 'recoverContainer'>;

/** An answer as the manifest has it. */
export type Finding = Readonly<Record<string, unknown>>;

/** The fields of an answer, in one order, so that two can be compared as text. */
const FIELDS = ['error', 'offset', 'entries', 'names', 'sealed', 'kept', 'stopped'];

/** An answer as text: equal answers give equal texts. */
export function inWords(finding: Finding): string {
  return JSON.stringify(finding, FIELDS);
}

/** What reading a whole file answers. */
export function scanned({ readContainer }: Containers, bytes: Uint8Array): Finding {
  return finding(() => found(readContainer(bytes)));
}

/** What recovering a file answers: beside what lies in it the bytes that are kept, and what stopped the scan. */
export function recovered({ recoverContainer }: Containers, bytes: Uint8Array): Finding {
  return finding(() => {
    const { container, keptBytes, droppedBytes, error } = recoverContainer(bytes);
    if (keptBytes + droppedBytes !== bytes.length) throw new Error(`${keptBytes} + ${droppedBytes} of ${bytes.length}`);
    return { ...found(container), kept: keptBytes, stopped: error?.code };
  });
}

function found(container: ReturnType<Containers['readContainer']>): Finding {
  const entries = [...container.entries()].map((e) => [e.kind, e.offset, e.length, e.step, e.setup, e.tensor]);
  return { entries, names: [...container.names], sealed: container.sealed };
}

/** What an action finds, or the error it ends in; what is no error of the package is none of the file's either. */
function finding(make: () => Finding): Finding {
  try {
    return make();
  } catch (error) {
    const { code, offset } = error as { code?: string; offset?: number };
    if (code === undefined) throw error;
    return { error: code, offset };
  }
}
