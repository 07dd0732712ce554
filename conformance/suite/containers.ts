/** The container vectors as a law: whole files are read, damaged ones refused where they are damaged, cut ones recovered. */
import { type Containers, inWords, recovered, scanned } from '../runner/container-answer.ts';
import type { ContainerVector } from '../runner/manifest.ts';
import { check, type Law } from './law.ts';
import type { Recorder } from './record.ts';

/** The folder conformance/vectors, as far as it holds containers. */
export interface ContainerFiles {
  manifest: { containers: ContainerVector[] };
  read(path: string): Uint8Array;
}

/** One law, whose cases are the containers. */
export function containerLaws(containers: Containers, files: ContainerFiles, recorder: Recorder): Law[] {
  return [
    {
      name: 'vectors: containers',
      run: () => {
        const list = files.manifest.containers;
        recorder.take();
        const wrong = list.flatMap((vector) => {
          const { complaints, answers } = judge(containers, vector, files.read(vector.file));
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
export function judge(
  containers: Containers,
  vector: Pick<ContainerVector, 'scan' | 'recover'>,
  bytes: Uint8Array,
): { complaints: string[]; answers: string } {
  const got = { read: inWords(scanned(containers, bytes)), recovered: inWords(recovered(containers, bytes)) };
  const wanted = { read: inWords(vector.scan), recovered: inWords(vector.recover) };
  const differ = (['read', 'recovered'] as const).filter((way) => got[way] !== wanted[way]);
  return {
    complaints: differ.map((way) => `${way}: ${got[way]} instead of ${wanted[way]}`),
    answers: `${got.read}\n${got.recovered}\n`,
  };
}
