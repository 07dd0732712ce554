/**
 * The names closest to `wanted`, best first: equal but for case, then containing it, then by edit distance.
 * Names further than half their length away are left out.
 */
export function nearestNames(wanted: string, known: Iterable<string>, limit = 5): string[] {
  const low = wanted.toLowerCase();
  const scored: Array<[number, string]> = [];
  for (const name of known) {
    const other = name.toLowerCase();
    let score: number;
    if (other === low) score = 0;
    else if (low.length > 1 && (other.includes(low) || low.includes(other))) {
      score = 1 + Math.abs(other.length - low.length) / 1000;
    } else {
      const distance = editDistance(low, other);
      if (distance > Math.max(low.length, other.length) / 2) continue;
      score = 1 + distance;
    }
    scored.push([score, name]);
  }
  scored.sort((a, b) => a[0] - b[0] || a[1].length - b[1].length || (a[1] < b[1] ? -1 : 1));
  return scored.slice(0, limit).map(([, name]) => name);
}

/** Levenshtein distance with one row of state. */
function editDistance(a: string, b: string): number {
  const row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0]!;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!;
      const change = diagonal + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(change, above + 1, row[j - 1]! + 1);
      diagonal = above;
    }
  }
  return row[b.length]!;
}
