// Reference pages of the SDK, from its doc comments: `npm run docs` writes them to out/docs/sdk; `npm test` only looks for warnings.

import { readFileSync } from 'node:fs';

// The sources of every entry that has types.
const { exports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const entryPoints = Object.values(exports)
  .filter((target) => target.types)
  .map(({ types }) => types.default.replace('./dist/esm/', 'src/').replace(/\.d\.ts$/, '.ts'));

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'slicer-codec',
  readme: 'README.md',
  tsconfig: 'tsconfig.json',
  entryPoints,
  out: '../out/docs/sdk',
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  // The tags in use; `@generated` is that of generated files.
  blockTags: ['@param', '@returns', '@throws', '@example', '@generated'],
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  // Not: properties whose name and type say it all, such as a width. What has a unit, a range or a default says so anyway.
  requiredToBeDocumented: [
    'Enum',
    'EnumMember',
    'Variable',
    'Function',
    'Class',
    'Interface',
    'Method',
    'Accessor',
    'TypeAlias',
  ],
  // Generated from the schema of ONNX, whose own documentation says what the fields are.
  exclude: ['**/onnx/gen/**'],
  intentionallyNotExported: ['ModelProto', 'GraphProto', 'NodeProto', 'ValueInfoProto'],
};
