// Reports of what the entry points of the SDK export, made by API Extractor from the emitted declarations. The repository holds
// them in sdk/api, so that a change of the public API shows in a diff; `npm run api` writes them.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { temporary } from '../pack.mjs';
import { root } from '../paths.mjs';

const sdk = join(root, 'sdk');
const folder = join(sdk, 'api');
const HINT =
  'where the change is meant, `npm run api` writes the reports anew; docs/compatibility.md says what it does to the version';

/**
 * What of API Extractor's messages is no fault here, each with its reason; every other message fails.
 * @param {{ messageId: string, text: string, sourceFilePath?: string }} message
 */
function expected({ messageId, text, sourceFilePath = '' }) {
  // The comments of generated protobuf declarations follow other rules.
  if (sourceFilePath.replaceAll('\\', '/').includes('/onnx/gen/')) return true;
  // Everything exported is public: no release tags are used.
  if (messageId === 'ae-missing-release-tag') return true;
  // Typedoc judges that.
  if (messageId === 'ae-undocumented') return true;
  // The messages of the ONNX schema are reached through `ModelProto`; a hundred names more would help nobody.
  return messageId === 'ae-forgotten-export' && /"\w+Proto"/.test(text);
}

/** The entry points that have types, by the name of their report. */
function entries() {
  const { exports } = JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8'));
  return Object.entries(exports)
    .filter(([, target]) => target.types)
    .map(([path, target]) => [path === '.' ? 'index' : path.slice(2), join(sdk, target.types.default)]);
}

/**
 * Makes all reports.
 * @param {string} tools folder of the installed tools
 * @returns {{ name: string, report: string, problems: string[] }[]}
 */
function reports(tools) {
  const { CompilerState, Extractor, ExtractorConfig } = createRequire(join(tools, 'package.json'))(
    '@microsoft/api-extractor',
  );
  const out = temporary('api');
  const tsconfig = JSON.parse(readFileSync(join(root, 'tsconfig.base.json'), 'utf8'));
  const files = entries().map(([, file]) => file);
  const prepared = entries().map(([name, file]) => [
    name,
    ExtractorConfig.prepare({
      packageJsonFullPath: join(sdk, 'package.json'),
      configObject: {
        projectFolder: sdk,
        mainEntryPointFilePath: file,
        compiler: { overrideTsconfig: { ...tsconfig, files } },
        apiReport: { enabled: true, reportFileName: `${name}.api.md`, reportFolder: out, reportTempFolder: out },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        newlineKind: 'lf',
      },
    }),
  ]);
  const compilerState = CompilerState.create(prepared[0][1], { additionalEntryPoints: files });
  return prepared.map(([name, config]) => {
    const problems = [];
    const messageCallback = (message) => {
      message.handled = true;
      if (message.category === 'console') return;
      message.logLevel = 'none';
      const { sourceFilePath = '', sourceFileLine = '', text, messageId } = message;
      if (!expected(message))
        problems.push(`${sourceFilePath.slice(root.length + 1)}:${sourceFileLine} ${text} (${messageId})`);
    };
    Extractor.invoke(config, { localBuild: true, compilerState, messageCallback });
    // A comment that comes or goes is no change of the API.
    const report = readFileSync(join(out, `${name}.api.md`), 'utf8').replace(/^ *\/\/ \(undocumented\)\n/gm, '');
    return { name, report, problems };
  });
}

/** One check per entry point: the report is the one in sdk/api, and nothing was found while it was made. */
export function apiChecks(tools) {
  let made;
  const all = () => {
    made ??= new Map(reports(tools).map((r) => [r.name, r]));
    return made;
  };
  const checks = entries().map(([name]) => [
    `api ${name}`,
    () => {
      const { report, problems } = all().get(name);
      if (problems.length > 0) throw new Error(problems.join('\n'));
      const file = join(folder, `${name}.api.md`);
      const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
      if (before !== report) throw new Error(`${difference(before, report)}\n${HINT}`);
      return `${report.split('\n').length} lines`;
    },
  ]);
  const names = entries().map(([name]) => `${name}.api.md`);
  checks.push([
    'api reports without an entry point',
    () => {
      const old = readdirSync(folder).filter((name) => !names.includes(name));
      if (old.length > 0) throw new Error(`sdk/api has ${old.join(', ')}: delete them, or run \`npm run api\``);
    },
  ]);
  return checks;
}

/** The first lines in which two texts differ. */
function difference(before, now) {
  const [a, b] = [before.split('\n'), now.split('\n')];
  const at = b.findIndex((line, i) => line !== a[i]);
  const line = at < 0 ? b.length : at;
  return `line ${line + 1}: - ${a[line] ?? '(end)'}\n${' '.repeat(String(line + 1).length + 7)}+ ${b[line] ?? '(end)'}`;
}

/** Writes the reports; resolves with the problems that a check would name. */
export function writeReports(tools) {
  const made = reports(tools);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name, report } of made) writeFileSync(join(folder, `${name}.api.md`), report);
  return made.flatMap((r) => r.problems);
}
