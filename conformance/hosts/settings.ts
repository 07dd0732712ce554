/** How long the suite runs in each host. The environment can change both: a nightly run draws another seed and more cases. */
export interface Settings {
  seed: number;
  runs: number;
}

/** Reads SLICER_SEED and SLICER_RUNS from whatever the runtime calls its environment. */
export function settings(read: (name: string) => string | undefined, runs: number): Settings {
  return { seed: Number(read('SLICER_SEED') ?? 20261121), runs: Number(read('SLICER_RUNS') ?? runs) };
}
