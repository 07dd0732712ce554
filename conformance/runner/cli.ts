/** The command line of `slicer-conformance`. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { DecoderClass } from './compare.ts';
import { choose, type Manifest, OWN_VECTORS, readManifest, TIERS, type Tier } from './manifest.ts';
import { parallel } from './pool.ts';
import type { Limits } from './process.ts';
import { asJson, asJunit, asText, type Run, totals } from './report.ts';
import type { Verdict } from './verdict.ts';

/** Exit codes of the runner. */
export const Exit = { passed: 0, failed: 1, usage: 2, notRun: 3 } as const;

const EPILOGUE = `
Programs are called as appendix B of the specification says, readers of containers as appendix A of theirs. Exit codes: 0 everything passed, 1 something failed,
2 usage, 3 the program could not be started or the vectors not read.`;

interface Common {
  jobs: number;
  timeout: number;
  memory: number;
  filter?: string[];
  every: number;
  json?: boolean;
  junit?: string;
  all?: boolean;
  quiet?: boolean;
}

interface DecoderFlags extends Common {
  class: DecoderClass;
  tier: Tier;
  vectors: string;
}

interface ContainerFlags extends Common {
  vectors: string;
}

/** Builds the program; `ended` gets the exit code. */
export function createProgram(ended: (code: number) => void): Command {
  const program = new Command('slicer-conformance')
    .description('Judges decoders and encoders of the slicer bitstream, whatever they are written in.')
    .showHelpAfterError('(see slicer-conformance --help)')
    .addHelpText('after', EPILOGUE);

  common(program.command('decoder <command...>'))
    .description('every vector through a decoder program: slicer-conformance decoder -- CMD [ARG...]')
    .addOption(new Option('--class <name>', '§ 11.1').choices(['exact', 'numeric']).default('exact'))
    .addOption(
      new Option('--tier <name>', 'highest tier it claims; higher ones may be refused')
        .choices([...TIERS])
        .default('dense'),
    )
    .addOption(new Option('--vectors <folder>', 'folder with manifest.json').default(OWN_VECTORS, "this package's"))
    .action(async (command: string[], flags: DecoderFlags) => ended(await runDecoder(command, flags)));

  common(program.command('encoder <command...>'))
    .description('tensors and budgets through an encoder program, judged by the reference decoder')
    .action(async (command: string[], flags: Common) => ended(await runEncoder(command, flags)));

  common(program.command('container <command...>'))
    .description('every container through a program that reads them: what lies in it, and what can be recovered')
    .addOption(new Option('--vectors <folder>', 'folder with manifest.json').default(OWN_VECTORS, "this package's"))
    .action(async (command: string[], flags: ContainerFlags) => ended(await runContainer(command, flags)));

  program
    .command('reference-decoder')
    .description('the reference decoder as a decoder program (appendix B.2)')
    .option('--profile <file>', 'a profile to hold', (file, files: string[] = []) => [...files, file])
    .option('--setup <file>', 'a setup for a bare body or a script')
    .option('--stream', 'the input is a script (B.3)')
    .option('--max-bytes <n>', 'a cap on the output', count)
    .action(async (flags) => {
      const { referenceDecoder } = await import('./programs.ts');
      ended(await referenceDecoder(flags));
    });

  program
    .command('reference-encoder')
    .description('the reference encoder as an encoder program (appendix B.4)')
    .option('--nrmse <x>', 'relative error', number)
    .option('--max-error <x>', 'largest error', number)
    .option('--bytes <n>', 'a cap on the frame', count)
    .option('--lossless', 'every bit')
    .action(async (flags) => {
      const { referenceEncoder } = await import('./programs.ts');
      ended(await referenceEncoder(flags));
    });

  program
    .command('reference-container')
    .description('the reference reader of containers as a program (container.md, appendix A)')
    .option('--recover', 'recover what a writer that was stopped left behind')
    .action(async (flags) => {
      const { referenceContainer } = await import('./programs.ts');
      ended(await referenceContainer(flags));
    });

  program
    .command('list')
    .description('the vectors, one a line: id, drawer, tier, sections, about')
    .option('--filter <words...>', 'as in decoder')
    .action((flags: { filter?: string[] }) => {
      for (const v of choose(readManifest().vectors, flags)) {
        console.log(`${v.id}  ${v.drawer}  ${v.tier}  ${v.sections.map((s) => `§ ${s}`).join(' ')}  ${v.about}`);
      }
    });
  return program;
}

function common(command: Command): Command {
  return command
    .option('--jobs <n>', 'programs at a time', count, availableParallelism())
    .option('--timeout <s>', 'seconds a case may take', number, 20)
    .option('--memory <MiB>', 'resident memory a case may take (watched on Linux only)', count, 2048)
    .option('--filter <words...>', 'only these: parts of ids, =id, drawers, flags, sections as §12.4')
    .option('--every <n>', 'only every nth of what is left: a sample', count, 1)
    .option('--json', 'the report as JSON')
    .option('--junit <file>', 'the report as JUnit XML, beside the other')
    .option('--all', 'print every failure')
    .option('-q, --quiet', 'no progress');
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('a number ≥ 0, please.');
  return value;
}

function count(text: string): number {
  const value = number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number ≥ 1, please.');
  return value;
}

async function runDecoder(command: string[], flags: DecoderFlags): Promise<number> {
  const { judgeDecoder, programHost } = await import('./decoder.ts');
  const manifest = readManifest(flags.vectors);
  const host = programHost(command, limitsOf(flags));
  const rules = { kind: flags.class, tier: flags.tier };
  const vectors = choose(manifest.vectors, flags);
  return run(`decoder ${command.join(' ')}`, manifest, flags, vectors, (v) => judgeDecoder(host, rules, manifest, v));
}

async function runEncoder(command: string[], flags: Common): Promise<number> {
  const { judgeEncoder } = await import('./encoder.ts');
  const { encoderCases } = await import('./encoder-cases.ts');
  const { filter, every } = flags;
  const cases = encoderCases()
    .filter((c) => !filter || filter.some((word) => c.id.includes(word)))
    .filter((_, i) => i % every === 0);
  const rules = { command, limits: limitsOf(flags) };
  return run(`encoder ${command.join(' ')}`, readManifest(), flags, cases, (c) => judgeEncoder(rules, c));
}

async function runContainer(command: string[], flags: ContainerFlags): Promise<number> {
  const { containerCases, judgeContainer } = await import('./container.ts');
  const manifest = readManifest(flags.vectors);
  const { filter, every } = flags;
  const cases = containerCases(manifest)
    .filter(({ vector: { id, sections } }) => {
      const named = (word: string) =>
        word.startsWith('§') ? sections.includes(word.slice(1).trim()) : id.includes(word);
      return !filter || filter.some(named);
    })
    .filter((_, i) => i % every === 0);
  const limits = limitsOf(flags);
  return run(`container ${command.join(' ')}`, manifest, flags, cases, (c) =>
    judgeContainer(command, limits, manifest, c),
  );
}

function limitsOf({ timeout, memory }: Common): Limits {
  return { seconds: timeout, memory: memory * 2 ** 20 };
}

async function run<T>(
  subject: string,
  { sections }: Manifest,
  flags: Common,
  cases: readonly T[],
  judge: (item: T) => Promise<Verdict>,
): Promise<number> {
  if (cases.length === 0) {
    process.stderr.write('Nothing matches --filter; see slicer-conformance list.\n');
    return Exit.usage;
  }
  const start = performance.now();
  const verdicts = await parallel(cases, flags.jobs, judge, progressOf(flags, cases.length));
  const result: Run = { subject, titles: sections, verdicts, time: performance.now() - start };
  if (flags.junit) writeWhole(flags.junit, asJunit(result));
  process.stdout.write(`${flags.json ? asJson(result) : asText(result, flags.all)}\n`);
  return totals(result).failed > 0 ? Exit.failed : Exit.passed;
}

/** On a terminal a line that changes, else nothing. */
function progressOf({ quiet }: Common, total: number): (finished: number) => void {
  if (quiet || !process.stderr.isTTY) return () => {};
  return (finished) => process.stderr.write(finished === total ? '\r\x1b[K' : `\r\x1b[K${finished} of ${total} …`);
}

/** Never half a file. */
function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}

/** Runs a command line; resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = Exit.passed;
  const program = createProgram((c) => {
    code = c;
  });
  for (const command of [program, ...program.commands]) command.exitOverride();
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? Exit.passed : Exit.usage;
    process.stderr.write(`slicer-conformance: ${error instanceof Error ? error.message : String(error)}\n`);
    return Exit.notRun;
  }
}
