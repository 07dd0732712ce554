/** How long the suite runs in each host, and from which seed. */
export interface Settings {
  seed: number;
  runs: number;
}

/** The seed of all ordinary runs. */
const SEED = 20261121;

/** Reads SLICER_SEED and SLICER_RUNS from whatever the runtime calls its environment: a nightly run draws another seed and more cases. */
export function settings(read: (name: string) => string | undefined, runs: number): Settings {
  return { seed: Number(read('SLICER_SEED') ?? SEED), runs: Number(read('SLICER_RUNS') ?? runs) };
}
