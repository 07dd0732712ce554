// Tables in Markdown, and the list of what had to be shown.

/** A Markdown table; columns are right-aligned but for the first. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** A fixed number of digits, or a dash. */
export const digits = (value, count) => (Number.isFinite(value) ? value.toFixed(count) : '–');

/** A figure that has to be at most (or at least) something. */
export function must(name, value, bound) {
  const [sign, limit] = bound.split(' ');
  const ok = sign === '<=' ? value <= Number(limit) : value >= Number(limit);
  return { name, value: Math.round(value * 1e4) / 1e4, must: bound, ok };
}

/** The musts as a table, failures first. */
export function mustTable(musts) {
  const rows = [...musts].sort((a, b) => Number(a.ok) - Number(b.ok));
  return table(
    ['must', 'value', 'bound', ''],
    rows.map((m) => [m.name, digits(m.value, 3), m.must, m.ok ? 'ok' : '**missed**']),
  );
}

/** Mean of numbers. */
export const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
