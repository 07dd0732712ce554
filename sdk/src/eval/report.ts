/** A summary in Markdown. */
import type { Estimate } from './bootstrap.js';
import type { Row, Summary } from './summary.js';
import type { Column, Task } from './task.js';

const round = (x: number) => String(Math.round(x)).replace(/\B(?=(\d{3})+$)/g, ',');

/** A figure with its interval: `0.0123 (0.0101–0.0150)`, per cent with one digit. */
export function written({ value, low, high }: Estimate, percent = false): string {
  if (!Number.isFinite(value)) return '–';
  const text = (x: number) => (percent ? (100 * x).toFixed(1) : Number(x.toPrecision(3)).toString());
  return low === high ? text(value) : `${text(value)} (${text(low)}–${text(high)})`;
}

/** The table: bytes, figures, losses. */
export function markdownTable(task: Task, { rows }: Summary): string {
  const shown = task.columns.filter(({ key }) => rows.some((row) => row.figures[key]));
  const scores = shown.filter((column) => column.score);
  const title = (column: Column) => `${column.title}${column.percent ? ', %' : ''}`;
  const head = ['', 'bytes', '× fewer', ...shown.map(title), ...scores.map((c) => `loss of ${c.title}, pp`)];
  const cells = (row: Row) => [
    row.label,
    round(row.bytes.value),
    row.ratio.toFixed(1),
    ...shown.map(({ key, percent }) => (row.figures[key] ? written(row.figures[key], percent) : '–')),
    ...scores.map(({ key, percent }) => (row.loss[key] ? written(row.loss[key], percent) : '–')),
  ];
  const line = (list: readonly string[]) => `| ${list.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map((r) => line(cells(r)))].join(
    '\n',
  );
}

/** A page: what was measured, the table, and how to read it. */
export function markdownPage(title: string, task: Task, summary: Summary, notes: readonly string[] = []): string {
  const about = `${summary.items} items; ${round(summary.rawBytes)} bytes cross the cut uncoded; head ${summary.headMs.toFixed(1)} ms, tail ${summary.tailMs.toFixed(1)} ms (medians on this machine).`;
  return [
    `# ${title}`,
    about,
    markdownTable(task, summary),
    'In brackets 95 % intervals of a bootstrap over items. KL and agreement compare with the unsplit network; losses are paired: the same items with and without the split. Rows of inputs send the input instead of the tensor, and all of the network runs on the server.',
    ...notes,
    '',
  ].join('\n\n');
}
