/** Text recognition: reading the positions of a CTC network, and character errors. */
import type { Logits } from './kl.js';
import { Mismatch } from './mismatch.js';

/**
 * The text of one line: the best class of each position, without repeats and without class 0, the blank; `alphabet[i]` is
 * the text of class i. Spaces at the ends fall away: margins are read as one or as none with next to no difference.
 */
export function readLine(scores: Logits, alphabet: readonly string[]): string {
  const classes = alphabet.length;
  const positions = scores.length / classes;
  if (!Number.isInteger(positions)) {
    throw new Mismatch(`${scores.length} scores are no positions of ${classes} characters`);
  }
  let text = '';
  let before = 0;
  for (let position = 0; position < positions; position++) {
    const at = position * classes;
    let best = 0;
    for (let c = 1; c < classes; c++) if (scores[at + c] > scores[at + best]) best = c;
    if (best !== 0 && best !== before) text += alphabet[best];
    before = best;
  }
  return text.trim();
}

/** Insertions, deletions and replacements of characters (code points) that turn one text into the other, at the fewest. */
export function editDistance(from: string, to: string): number {
  const [a, b] = [[...from], [...to]];
  let row = b.map((_, i) => i + 1);
  for (const [i, x] of a.entries()) {
    let corner = i;
    let left = i + 1;
    const next: number[] = [];
    for (const [j, y] of b.entries()) {
      left = Math.min(left + 1, row[j] + 1, corner + (x === y ? 0 : 1));
      corner = row[j];
      next.push(left);
    }
    row = next;
  }
  return row.at(-1) ?? a.length;
}

/** Character errors of one line; the rate of many is the sum of `edits` over the sum of `characters`. */
export interface CharacterErrors {
  readonly edits: number;
  readonly characters: number;
}

/** Errors of a reading against what stands there. */
export function characterErrors(read: string, truth: string): CharacterErrors {
  return { edits: editDistance(read, truth), characters: [...truth].length };
}
