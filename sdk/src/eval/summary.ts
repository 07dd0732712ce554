/** Rows of the table: every setting with its bytes and figures, each with an interval, and its loss against the unsplit network. */
import { type BootstrapOptions, type Estimate, estimate, type Measure } from './bootstrap.js';
import type { ItemRecord } from './evaluate.js';
import type { Column, Figures, Task } from './task.js';

/** One row. */
export interface Row {
  readonly label: string;
  readonly kind: 'unsplit' | 'codec' | 'input';
  /** Bytes an item. */
  readonly bytes: Estimate;
  /** How many times fewer bytes than the tensor as it is. */
  readonly ratio: number;
  /** How many items the row is of. */
  readonly items: number;
  /** By key of the task's columns; only those that are known. */
  readonly figures: Readonly<Record<string, Estimate>>;
  /** By key of columns that are scores: what the unsplit network has more, on the same items. */
  readonly loss: Readonly<Record<string, Estimate>>;
  readonly encodeMs?: number;
  readonly decodeMs?: number;
}

/** A measured table. */
export interface Summary {
  readonly task: string;
  readonly items: number;
  /** Mean bytes of what crosses, uncoded. */
  readonly rawBytes: number;
  /** Medians. */
  readonly headMs: number;
  readonly tailMs: number;
  readonly rows: readonly Row[];
}

/** Summarises records of one task; `labels` are the settings in their order, by key. */
export function summarise(
  task: Task,
  records: readonly ItemRecord[],
  labels: readonly { readonly key: string; readonly label: string }[],
  options: BootstrapOptions = {},
): Summary {
  const rawBytes = mean(records.map((record) => record.rawBytes));
  const make = (label: string, kind: Row['kind'], own: readonly Drawn[], times: Partial<Row> = {}): Row => {
    const bytes = estimate(own, (items) => mean(items.map((item) => item.bytes)), options);
    const figures: Record<string, Estimate> = {};
    const loss: Record<string, Estimate> = {};
    for (const column of task.columns) {
      if (!known(column, own)) continue;
      const of =
        (key: 'figures' | 'unsplit'): Measure<Drawn> =>
        (items) =>
          column.measure(items.map((item) => item[key]));
      figures[column.key] = estimate(own, of('figures'), options);
      if (column.score && kind !== 'unsplit') {
        loss[column.key] = estimate(own, (items) => of('unsplit')(items) - of('figures')(items), options);
      }
    }
    // Over the row's own items: a setting may have seen fewer than another.
    const ratio = mean(own.map((item) => item.rawBytes)) / bytes.value;
    return { label, kind, bytes, ratio, items: own.length, figures, loss, ...times };
  };
  const rows = [
    make(
      'unsplit (the tensor as it is)',
      'unsplit',
      records.map((r) => ({ rawBytes: r.rawBytes, bytes: r.rawBytes, figures: r.unsplit, unsplit: r.unsplit })),
    ),
  ];
  for (const { key, label } of labels) {
    const own = records.flatMap((record) => {
      const cell = record.settings[key];
      return cell ? [{ ...cell, rawBytes: record.rawBytes, unsplit: record.unsplit }] : [];
    });
    if (own.length === 0) continue;
    const times = { encodeMs: median(own.map((c) => c.encodeMs)), decodeMs: median(own.map((c) => c.decodeMs)) };
    rows.push(make(label, 'codec', own, times));
  }
  for (const label of new Set(records.flatMap((record) => Object.keys(record.forms)))) {
    const own = records.flatMap((r) => {
      const form = r.forms[label];
      return form ? [{ ...form, rawBytes: r.rawBytes, unsplit: r.unsplit }] : [];
    });
    rows.push(make(label, 'input', own));
  }
  return {
    task: task.name,
    items: records.length,
    rawBytes,
    headMs: median(records.map((record) => record.headMs)),
    tailMs: median(records.map((record) => record.tailMs)),
    rows,
  };
}

/** An item as it is drawn: bytes, its figures, and the unsplit network's. */
interface Drawn {
  readonly rawBytes: number;
  readonly bytes: number;
  readonly figures: Figures;
  readonly unsplit: Figures;
}

/** Whether any item has what a column is made of. */
function known(column: Column, items: readonly Drawn[]): boolean {
  return Number.isFinite(column.measure(items.map((item) => item.figures)));
}

/** Mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Median; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
