/** What crosses a cut, over samples: zeros, magnitudes, and where in the tensor they lie. */

import type { RuntimeTensor } from '../runtime/ort.js';
import { loadRuntime } from '../runtime/ort-node.js';
import { dtypeBytes } from './dtypes.js';
import type { Graph } from './graph.js';
import { halfToNumber } from './half.js';
import { randomFeeds } from './random-input.js';
import { withExposed } from './runtime.js';
import { feedsOf, type SuppliedInputs } from './samples.js';
import type { Sizes } from './sizes.js';

/** A map over a tensor: rows from the top, each value the mean of the cell. */
export type CellMap = readonly (readonly number[])[];

/** Statistics of one tensor over all samples. */
export interface TensorStatistics {
  readonly samples: number;
  /** Share of values that are exactly zero, 0 to 1. */
  readonly zeros: number;
  /** Mean and root mean square of |x|, its median, its 99th percentile (both to 10 %), and its largest value. */
  readonly meanAbs: number;
  readonly rms: number;
  readonly medianAbs: number;
  readonly p99Abs: number;
  readonly maxAbs: number;
  /**
   * Mean magnitude and share of zeros over the plane (height × width, over all channels) where there is one, else over
   * rows × channels; at most 16 cells a side.
   */
  readonly magnitudeMap: CellMap;
  readonly zeroMap: CellMap;
}

/** Bytes of exposed values that are fetched in one run. */
const GROUP_BYTES = 1 << 28;

/** Runs the samples and gathers statistics of the values `names`, a group of them at a time. */
export async function gatherStatistics(
  graph: Graph,
  names: readonly string[],
  sizes: Sizes,
  supplied: SuppliedInputs,
  { folder, progress }: { folder?: string; progress: (step: string) => void },
): Promise<Map<string, TensorStatistics>> {
  const runtime = await loadRuntime();
  const gathered = new Map<string, Gatherer>();
  for (const group of groupsOf(names, sizes)) {
    const computed = group.filter((name) => graph.values.get(name)?.role === 'node');
    await withExposed(runtime, graph.model, computed, folder, async (session) => {
      const rest = randomFeeds(runtime, session.inputMetadata, sizes.inputs, 1);
      let done = 0;
      for (const feeds of feedsOf(runtime, session.inputMetadata, supplied, rest)) {
        progress(`running sample ${++done}`);
        const found: Record<string, RuntimeTensor> = { ...feeds, ...(await session.run(feeds, computed)) };
        for (const name of group) {
          const tensor = found[name]!;
          if (tensor.type === 'string') continue;
          const gatherer = gathered.get(name) ?? new Gatherer();
          gathered.set(name, gatherer);
          gatherer.add(tensor);
        }
      }
    });
  }
  return new Map([...gathered].map(([name, gatherer]) => [name, gatherer.result()]));
}

function groupsOf(names: readonly string[], sizes: Sizes): string[][] {
  const groups: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const { type, dims } = sizes.values.get(name) ?? { type: 'float32', dims: [] };
    const own =
      dtypeBytes(
        type,
        dims.reduce((a, b) => a * b, 1),
      ) ?? 0;
    if (bytes + own > GROUP_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    bytes += own;
    groups.at(-1)!.push(name);
  }
  return groups;
}

/** Magnitudes are counted in classes of a tenth more each, from 2^-40 on. */
const CLASS = Math.log(1.1);
const LOWEST = 2 ** -40;
const CELLS = 16;

class Gatherer {
  private samples = 0;
  private count = 0;
  private zeros = 0;
  private sum = 0;
  private squares = 0;
  private max = 0;
  private readonly classes = new Map<number, number>();
  private map:
    | { rows: number; columns: number; sum: Float64Array; zeros: Float64Array; count: Float64Array }
    | undefined;

  add(tensor: RuntimeTensor): void {
    const { dims, data } = tensor;
    const read = tensor.type === 'float16' && data instanceof Uint16Array ? halfToNumber : Number;
    // Planes have their channels in front; of everything else the last axis are the channels.
    const [high, wide] = [dims.at(-2) ?? 1, dims.at(-1) ?? 1];
    this.map ??= mapOf(high, wide);
    const map = this.map;
    this.samples++;
    for (let i = 0; i < data.length; i++) {
      const x = Math.abs(read(data[i] as number));
      const row = Math.min(map.rows - 1, Math.floor(((Math.floor(i / wide) % high) * map.rows) / high));
      const cell = row * map.columns + Math.floor(((i % wide) * map.columns) / wide);
      map.count[cell]!++;
      if (x === 0) {
        this.zeros++;
        map.zeros[cell]!++;
        continue;
      }
      if (!Number.isFinite(x)) continue;
      map.sum[cell]! += x;
      this.sum += x;
      this.squares += x * x;
      if (x > this.max) this.max = x;
      const at = x <= LOWEST ? 0 : Math.floor(Math.log(x / LOWEST) / CLASS);
      this.classes.set(at, (this.classes.get(at) ?? 0) + 1);
    }
    this.count += data.length;
  }

  result(): TensorStatistics {
    const { samples, count, zeros, sum, squares, max } = this;
    const of = (total: number) => (count === 0 ? 0 : total / count);
    return {
      samples,
      zeros: of(zeros),
      meanAbs: of(sum),
      rms: Math.sqrt(of(squares)),
      medianAbs: this.quantile(0.5),
      p99Abs: this.quantile(0.99),
      maxAbs: max,
      magnitudeMap: this.cells((map, cell) => map.sum[cell]!),
      zeroMap: this.cells((map, cell) => map.zeros[cell]!),
    };
  }

  private quantile(share: number): number {
    let left = share * this.count - this.zeros;
    if (left <= 0) return 0;
    for (const at of [...this.classes.keys()].sort((a, b) => a - b)) {
      left -= this.classes.get(at)!;
      if (left <= 0) return Math.min(this.max, LOWEST * Math.exp(CLASS * (at + 0.5)));
    }
    return this.max;
  }

  private cells(total: (map: NonNullable<Gatherer['map']>, cell: number) => number): number[][] {
    const { map } = this;
    if (!map) return [];
    return Array.from({ length: map.rows }, (_, row) =>
      Array.from({ length: map.columns }, (_, column) => {
        const cell = row * map.columns + column;
        return map.count[cell] === 0 ? 0 : total(map, cell) / map.count[cell]!;
      }),
    );
  }
}

function mapOf(high: number, wide: number): NonNullable<Gatherer['map']> {
  const [rows, columns] = [Math.max(1, Math.min(CELLS, high)), Math.max(1, Math.min(CELLS, wide))];
  const fresh = () => new Float64Array(rows * columns);
  return { rows, columns, sum: fresh(), zeros: fresh(), count: fresh() };
}
