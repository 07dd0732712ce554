/** Writes conformance/vectors. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allVectors, SEED } from './all.ts';
import { containerVectors } from './container-vectors.ts';
import { asCounted, coverageReport } from './coverage.ts';
import { filesOf, manifestOf } from './manifest.ts';

/** Writes the files into `folder`, with the coverage of the texts in `specification`; returns the manifest's path. Files that belong to no vector are removed. */
export function write(folder: string, specification: string): string {
  const vectors = allVectors();
  const containers = containerVectors();
  const files = filesOf(vectors, containers);
  for (const drawer of existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : []) {
    if (!drawer.isDirectory()) continue;
    for (const name of readdirSync(join(folder, drawer.name))) {
      if (!files.has(`${drawer.name}/${name}`)) rmSync(join(folder, drawer.name, name));
    }
  }
  let total = 0;
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
    total += bytes.length;
  }
  const text = (name: string) => readFileSync(join(specification, name), 'utf8');
  const texts = { bitstream: text('bitstream.md'), profile: text('profile.md'), container: text('container.md') };
  const manifest = join(folder, 'manifest.json');
  writeFileSync(manifest, `${JSON.stringify(manifestOf(vectors, containers, SEED, texts), null, 2)}\n`);
  console.log(`${vectors.length} vectors, ${containers.length} containers, ${files.size} files, ${total} bytes`);
  for (const drawer of new Set(vectors.map((v) => v.drawer))) {
    console.log(`  ${drawer.padEnd(16)}${vectors.filter((v) => v.drawer === drawer).length}`);
  }
  console.log(coverageReport(texts, [...vectors, ...asCounted(containers)]));
  return manifest;
}
