/** `slicer plan`: where to cut and with which setting, or whether to send the input or stay local. */
import { SlicerError } from '../codec/errors.js';
import type { Kind, Objective, Place } from '../plan/index.js';
import { readInput } from './files.js';
import { type CommonOptions, Reporter } from './report.js';

/** Flags of `plan`, in the units of the command line. */
export interface PlanFlags extends CommonOptions {
  cuts?: string;
  eval?: string[];
  deviceMs: number;
  serverMs: number;
  /** Megabits a second. */
  uplink: number;
  downlink?: number;
  rtt: number;
  answerBytes?: number;
  overhead?: number;
  objective: Objective;
  maxLatency?: number;
  /** Megabytes. */
  memory?: number;
  maxBytes?: number;
  maxKl?: number;
  /** Percentage points. */
  maxLoss?: number;
  exclude?: Kind[];
}

/** Exit code where the constraints cannot be met: the question was fine, the answer is no. */
const NOT_MET = 4;

export async function planCommand(flags: PlanFlags): Promise<void> {
  const reporter = new Reporter(flags);
  const { plan, planLines, problemModel, readEval, readSurvey } = await import('../plan/index.js');
  const survey = flags.cuts === undefined ? undefined : readSurvey(await parsed(flags.cuts, 'cuts'), 'cuts');
  const evals = await Promise.all((flags.eval ?? []).map(async (file) => readEval(await parsed(file, 'eval'), 'eval')));
  const times = (x: number | undefined, factor: number) => (x === undefined ? undefined : x * factor);
  const place: Place = {
    deviceMs: flags.deviceMs,
    serverMs: flags.serverMs,
    uplink: flags.uplink * 1e6,
    rtt: flags.rtt,
    downlink: times(flags.downlink, 1e6),
    answerBytes: flags.answerBytes,
    overheadBytes: flags.overhead,
  };
  const constraints = {
    latencyMs: flags.maxLatency,
    memoryBytes: times(flags.memory, 1e6),
    bytes: flags.maxBytes,
    kl: flags.maxKl,
    loss: times(flags.maxLoss, 0.01),
  };
  const { sizesApart } = await import('../plan/inputs.js');
  const notes = sizesApart({ survey, evals });
  const model = problemModel({ survey, evals });
  const answer = plan({ model, place, constraints, objective: flags.objective, exclude: flags.exclude });
  reporter.result({ command: 'plan', place, constraints, ...answer }, [...planLines(answer), ...notes]);
  if (!answer.met) process.exitCode = NOT_MET;
}

async function parsed(file: string, field: string): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await readInput(file)));
  } catch (cause) {
    if (cause instanceof SlicerError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SlicerError('invalid_option', `${field}: ${file} is no JSON: ${reason}`, {
      advice: `Give what slicer ${field}${field === 'cuts' ? ' --json printed' : ' wrote, eval.json'}.`,
      cause,
    });
  }
}
