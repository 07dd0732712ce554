/** Where a case goes on which two implementations disagree. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Keeps the files of a case in `folder/NAME`, replacing an earlier and larger one, with how to look at it again. */
export function keepIn(folder: string) {
  return (name: string, files: Record<string, Uint8Array | string>): void => {
    const path = join(folder, name);
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
    writeFileSync(
      join(path, 'again.txt'),
      `${path}\nSLICER_CASE=${path} npx vitest run conformance/hosts/node.test.ts\n`,
    );
  };
}
