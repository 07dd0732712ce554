/** The command line: commands, flags, help. Each command lives in the file of its name. */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { addBudgetFlags, parseCount, parseNumber } from './budget.js';

/** Version of the package this file was installed with. */
function version(): string {
  return JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version;
}

const LAYOUTS = ['auto', 'nchw', 'nhwc', 'rows'];
const GRANULARITIES = ['tensor', 'row', 'channel'];
const METRICS = ['weights', 'covariance', 'fisher'];
const DTYPES = ['float32', 'float16', 'bfloat16', 'int8', 'uint8', 'int16', 'int32'];

const INPUT_SHAPE = 'sizes of an input that the model leaves open, NAME=1,3,224,224; may be repeated';

const EPILOGUE = `
- stands for standard input or output. Reports go to standard output, or to standard error when that carries the data.
Exit codes: 0 ok, 2 usage (options, names, paths), 3 bad data, 4 limit (size, memory, budget out of reach), 1 defect.
slicer is compression, not protection: inputs can often be reconstructed from features, so treat a frame as you treat the input.`;

/** Builds the program. Nothing is loaded for a command before it is called. */
export function createProgram(): Command {
  const program = new Command('slicer')
    .description('Codec for the tensors of split inference.')
    .version(version())
    .showHelpAfterError('(see slicer --help)')
    .addHelpText('after', EPILOGUE);

  const command = (usage: string, text: string) =>
    program
      .command(usage)
      .description(text)
      .option('--json', 'report and errors as JSON')
      .option('-q, --quiet', 'no report and no progress');

  addBudgetFlags(
    command('encode <in.npy> <out.slcr>', 'encode a NumPy array into one standalone frame')
      .addOption(new Option('--mode <name>', 'encoder').choices(['auto', 'uniform', 'slicer', 'lossless', 'raw']))
      .addOption(new Option('--effort <name>', 'time to spend').choices(['fast', 'default', 'dense']))
      .addOption(new Option('--layout <name>', 'how dims map to rows, channels and planes').choices(LAYOUTS))
      .addOption(new Option('--granularity <name>', 'what shares one scale').choices(GRANULARITIES))
      .addOption(new Option('--dtype <name>', 'element type; bfloat16 takes 2-byte void and uint16').choices(DTYPES))
      .option('--profile <file>', 'use a profile (see calibrate); whoever decodes the frame needs it'),
  ).action(async (input, output, flags) => {
    const { encodeCommand } = await import('./encode.js');
    await encodeCommand(input, output, flags);
  });

  command('decode <in.slcr> <out.npy>', 'decode a standalone frame, or one tensor of a container')
    .option('--tensor <name>', 'container: the tensor with this name')
    .addOption(new Option('--step <n>', 'container: the tensor at this step').argParser(parseCount))
    .option('--recover', 'container: use the records before the first damaged one')
    .option('--profile <file...>', 'profiles that the input may refer to')
    .addOption(new Option('--max-bytes <n>', 'refuse tensors larger than this').argParser(parseCount))
    .addOption(new Option('--max-work <n>', 'refuse frames that need more operations').argParser(parseCount))
    .action(async (input, output, flags) => {
      const { decodeCommand } = await import('./decode.js');
      await decodeCommand(input, output, flags);
    });

  command('inspect <file>', 'show every field and the bytes of every section')
    .option('--recover', 'container: show the records before the first damaged one')
    .action(async (file, flags) => {
      const { inspectCommand } = await import('./inspect.js');
      await inspectCommand(file, flags);
    });

  command('diff <a.npy> <b.npy>', 'compare b with the reference a: NRMSE, worst group, max error, energy ratio')
    .addOption(new Option('--granularity <name>', 'what a group is').choices(GRANULARITIES).default('row'))
    .addOption(new Option('--layout <name>', 'how dims map to rows and channels').choices(LAYOUTS).default('auto'))
    .addOption(new Option('--dtype <name>', 'element type; bfloat16 takes 2-byte void and uint16').choices(DTYPES))
    .action(async (a, b, flags) => {
      const { diffCommand } = await import('./diff.js');
      await diffCommand(a, b, flags);
    });

  command('cuts <model.onnx>', 'list where a model can be cut: what crosses, and what lies before and behind')
    .option('--input-shape <name=dims>', INPUT_SHAPE, inputShape)
    .addOption(new Option('--multi [most]', 'cuts of up to so many tensors too (4)').argParser(parseCount))
    .option('--samples <[name=]npy...>', 'inputs: shares of zeros and magnitudes of what crosses')
    .option('--plot <file.svg>', 'draw bytes against compute, and maps of zeros and magnitudes with --samples')
    .option('--from <name...>', 'inputs that carry the data; other inputs are fed to each part that reads them')
    .option('--to <name...>', 'outputs the data must reach; others leave from the part that computes them')
    .option('--all', 'every cut of several tensors, and advice for every cut')
    .action(async (model, flags) => {
      const { cutsCommand } = await import('./cuts.js');
      await cutsCommand(model, flags);
    });

  command('split <model.onnx>', 'split a model at one or more cuts into head.onnx, tail.onnx and cut.json')
    .requiredOption('--at <name,...>', 'the tensors of a cut; repeat for a chain, from the input on', cutAt)
    .requiredOption('-o, --out <dir>', 'folder for the parts and cut.json')
    .option('--verify', 'run the parts against the whole model and state the largest difference (the default)')
    .option('--no-verify', 'leave that out')
    .option('--inputs <[name=]npy...>', 'inputs to check with beside a random one')
    .option('--input-shape <name=dims>', INPUT_SHAPE, inputShape)
    .option('--from <name...>', 'inputs that carry the data; other inputs are fed to each part that reads them')
    .option('--to <name...>', 'outputs the data must reach; others leave from the part that computes them')
    .action(async (model, flags) => {
      const { splitCommand } = await import('./split.js');
      await splitCommand(model, { ...flags, verify: flags.verify !== false });
    });

  command('calibrate', 'make a profile for one cut of one model from example tensors; no training')
    .option('--features <npy...>', 'tensors at the cut: images × channels × height × width, or tokens × channels')
    .option('--inputs <npy...>', 'what the whole model takes instead; its head is run on every row')
    .option('--second <npy...>', 'tensors of another source, on which the profile must not lose')
    .option('--model <onnx>', 'the model that reads the tensor: its tail, or the whole')
    .option('--tensor <name>', "the tensor; the model's only input unless given")
    .option('--logits <name>', 'the output whose KL is measured; the first unless given')
    .requiredOption('-o, --out <file>', 'the profile')
    .addOption(new Option('--metric <name>', 'what errors are weighed by').choices(METRICS))
    .addOption(new Option('--amortise <frames>', 'frames that share the profile').argParser(parseCount).default(1000))
    .addOption(
      new Option('--share <a>', 'share of the weights in the metric, 0 to 1').argParser(parseShare).default(0.6),
    )
    .addOption(new Option('--rank <n>', 'coefficients of the transform, fewer than channels').argParser(parseCount))
    .option('--force-transform', 'take a transform whatever the trials say')
    .option('--no-run', 'judge by the weighted error, without running the model')
    .addOption(new Option('--layout <name>', 'how dims map to rows, channels and planes').choices(LAYOUTS))
    .addOption(new Option('--dtype <name>', 'element type; bfloat16 takes 2-byte void and uint16').choices(DTYPES))
    .action(async (flags) => {
      const { calibrateCommand } = await import('./calibrate.js');
      await calibrateCommand(flags);
    });

  command('eval <manifest.json>', 'what a split costs a task: quality, bytes and times under a list of settings')
    .requiredOption('--parts <dir>', 'folder that `slicer split` wrote')
    .requiredOption('-o, --out <dir>', 'folder for eval.json, eval.md and what is finished; a stopped run goes on')
    .option(
      '--setting <text...>',
      "'balanced', 'nrmse=0.2,effort=dense', 'step=1.5,profile=p.slcp', 'stream,step=2'; seven from near-lossless to small unless given",
    )
    .addOption(new Option('--items <n>', 'only the first items').argParser(parseCount))
    .option('--title <text>', 'of the page')
    .option('--plot', 'draw eval.svg, too')
    .action(async (manifest, flags) => {
      const { evalCommand } = await import('./eval.js');
      await evalCommand(manifest, flags);
    });

  const plan = command('plan', 'where to cut and with which setting, or send the input, or stay local');
  const figure = (flag: string, text: string, needed = false) =>
    plan.addOption(new Option(flag, text).argParser(parseNumber).makeOptionMandatory(needed));
  plan
    .option('--cuts <json>', 'what `slicer cuts --json` printed')
    .option('--eval <json...>', 'what `slicer eval` wrote, one file a cut');
  figure('--device-ms <ms>', 'the whole model on the device', true);
  figure('--server-ms <ms>', 'the whole model on the server', true);
  figure('--uplink <Mbit/s>', 'from the device to the server', true);
  figure('--rtt <ms>', 'a round trip', true);
  figure('--downlink <Mbit/s>', 'back; an answer takes no time without it');
  figure('--answer-bytes <n>', 'bytes of an answer');
  figure('--overhead <n>', 'bytes of a message beyond its payload');
  figure('--max-latency <ms>', 'constraint: from the input to the answer');
  figure('--memory <MB>', 'constraint: what the device has for weights and tensors');
  figure('--max-bytes <n>', 'constraint: up the link, for one item');
  figure('--max-kl <nats>', 'constraint: KL to the unsplit model');
  figure('--max-loss <pp>', 'constraint: loss of the score, upper end of its interval');
  plan
    .addOption(
      new Option('--objective <name>', 'what is made small').choices(['latency', 'server', 'bytes']).default('latency'),
    )
    .addOption(new Option('--exclude <kind...>', 'kinds of answers not wanted').choices(['split', 'input', 'local']))
    .action(async (flags) => {
      const { planCommand } = await import('./plan.js');
      await planCommand(flags);
    });

  return program;
}

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() === '' || !(share >= 0 && share <= 1)) {
    throw new InvalidArgumentError('It must be a number from 0 to 1.');
  }
  return share;
}

/** Collects `--at a,b --at c` as [[a, b], [c]]. */
function cutAt(text: string, earlier: string[][] = []): string[][] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0)
    throw new InvalidArgumentError('It must be the name of a tensor, or names with commas between.');
  return [...earlier, names];
}

/** Collects `--input-shape NAME=1,3,224,224`. */
function inputShape(text: string, earlier: Record<string, number[]> = {}): Record<string, number[]> {
  const at = text.lastIndexOf('=');
  const dims = text
    .slice(at + 1)
    .split(',')
    .map(Number);
  if (at < 1 || dims.some((d) => !Number.isSafeInteger(d) || d < 1)) {
    throw new InvalidArgumentError('It must be a name, an equals sign and sizes from 1, for example x=1,3,48,320.');
  }
  return { ...earlier, [text.slice(0, at)]: dims };
}
