/** The container vectors as a law: whole files are read, damaged ones refused where they are damaged, cut ones recovered. */
import { type Containers, check, type Law } from './law.ts';
import type { Recorder } from './record.ts';

/** What a reader finds: the records with a place and what lies in them, or an error. */
type Finding = Record<string, unknown>;

/** One entry of the manifest's list of containers. */
export interface ContainerVector {
  id: string;
  file: string;
  /** What reading the whole file answers, and what recovering it does. */
  scan: Finding;
  recover: Finding;
}

/** The folder conformance/vectors, as far as it holds containers. */
export interface ContainerFiles {
  manifest: { containers: ContainerVector[] };
  read(path: string): Uint8Array;
}

/** The fields of a finding, in one order, so that two can be compared as text. */
const FIELDS = ['error', 'offset', 'entries', 'names', 'sealed', 'kept', 'stopped'];
const inWords = (finding: Finding) => JSON.stringify(finding, FIELDS);

/** One law, whose cases are the containers. */
export function containerLaws(containers: Containers, files: ContainerFiles, recorder: Recorder): Law[] {
  return [
    {
      name: 'vectors: containers',
      run: () => {
        const list = files.manifest.containers;
        recorder.take();
        const wrong = list.flatMap((vector) => {
          const { complaints, answers } = judgeContainer(containers, vector, files.read(vector.file));
          recorder.note(new TextEncoder().encode(answers));
          recorder.case();
          return complaints.map((text) => `${vector.id}: ${text}`);
        });
        recorder.mark();
        check(wrong.length === 0, `${wrong.length} answers are wrong\n${wrong.slice(0, 20).join('\n')}`);
        return { cases: list.length, hashes: recorder.take() };
      },
    },
  ];
}

/** What is wrong with a reader's answers to one vector, and the answers as text. */
export function judgeContainer(
  { readContainer, recoverContainer }: Containers,
  vector: Pick<ContainerVector, 'scan' | 'recover'>,
  bytes: Uint8Array,
): { complaints: string[]; answers: string } {
  const scan = inWords(finding(() => found(readContainer(bytes))));
  const recover = inWords(
    finding(() => {
      const { container, keptBytes, droppedBytes, error } = recoverContainer(bytes);
      check(keptBytes + droppedBytes === bytes.length, `${keptBytes} + ${droppedBytes} bytes of ${bytes.length}`);
      return { ...found(container), kept: keptBytes, stopped: error?.code };
    }),
  );
  const complaints = [];
  if (scan !== inWords(vector.scan)) complaints.push(`read: ${scan} instead of ${inWords(vector.scan)}`);
  if (recover !== inWords(vector.recover))
    complaints.push(`recovered: ${recover} instead of ${inWords(vector.recover)}`);
  return { complaints, answers: `${scan}\n${recover}\n` };
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
