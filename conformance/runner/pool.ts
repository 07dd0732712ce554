/** Several at a time. */

/**
 * Runs `work` on all items, at most `jobs` at a time; results are in the order of the items. The first rejection ends it.
 * @param done called after each with the number finished.
 */
export async function parallel<T, R>(
  items: readonly T[],
  jobs: number,
  work: (item: T) => Promise<R>,
  done: (finished: number) => void = () => {},
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let [next, finished] = [0, 0];
  const worker = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i]);
      done(++finished);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, worker));
  return results;
}
