// The code blocks of docs/bundlers.md, which the consumers are made of: what is written there is what is run.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../paths.mjs';

const text = readFileSync(join(root, 'docs', 'bundlers.md'), 'utf8');

/** The block of a section in this language, or the one that begins with this file's name in a comment. */
export function block(section, language, file) {
  const part = text.split(/^## /m).find((s) => s.startsWith(`${section}\n`)) ?? '';
  const found = [...part.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter((m) => m[1] === language && (!file || m[2].startsWith(`// ${file}\n`)))
    .map((m) => m[2]);
  if (found.length !== 1) {
    throw new Error(
      `docs/bundlers.md has ${found.length} blocks of ${language} for ${section} ${file ?? ''}, not one.`,
    );
  }
  return found[0];
}
