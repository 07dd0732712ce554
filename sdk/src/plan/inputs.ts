/** The planner's model out of what `slicer cuts --json` and `slicer eval` wrote. */
import { planError } from './check.js';
import type { CodedPoint, CutCosts, FormPoint, ModelCosts, Quality } from './types.js';

/** The part of `slicer cuts --json` that is used here. */
export interface SurveyFile {
  readonly model?: string;
  readonly macs: number;
  readonly weightBytes?: number;
  readonly inputBytes: number;
  readonly cuts: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly macsBefore: number;
    readonly weightBytesBefore?: number;
    readonly tensors?: readonly { readonly name: string }[];
  }[];
}

/** A figure with its interval. */
export interface Estimated {
  readonly value: number;
  readonly high: number;
}

/** The part of `eval.json` that is used here. */
export interface EvalFile {
  readonly format: 'slicer-eval';
  /** Names of the tensors that cross. */
  readonly crossing: readonly string[];
  readonly parts?: { readonly head: number; readonly tail: number };
  readonly summary: {
    readonly rawBytes: number;
    readonly headMs: number;
    readonly tailMs: number;
    readonly rows: readonly {
      readonly label: string;
      readonly kind: 'unsplit' | 'codec' | 'input';
      readonly bytes: Estimated;
      readonly figures: Readonly<Record<string, Estimated>>;
      readonly loss: Readonly<Record<string, Estimated>>;
      readonly encodeMs?: number;
      readonly decodeMs?: number;
    }[];
  };
}

/** What the planner reads. */
export interface PlanFiles {
  readonly survey?: SurveyFile;
  readonly evals: readonly EvalFile[];
}

/** Checks a parsed `slicer cuts --json`; `field` names it in errors. */
export function readSurvey(json: unknown, field: string): SurveyFile {
  const survey = json as SurveyFile;
  const fine =
    typeof survey?.macs === 'number' &&
    typeof survey.inputBytes === 'number' &&
    Array.isArray(survey.cuts) &&
    survey.cuts.every((cut) => typeof cut?.name === 'string' && isFigure(cut.bytes) && isFigure(cut.macsBefore));
  if (!fine) throw planError(field, 'this is no survey of cuts', 'Give what `slicer cuts MODEL.onnx --json` printed.');
  return survey;
}

/** Checks a parsed `eval.json`. */
export function readEval(json: unknown, field: string): EvalFile {
  const file = json as EvalFile;
  const fine =
    file?.format === 'slicer-eval' &&
    Array.isArray(file.crossing) &&
    isFigure(file.summary?.headMs) &&
    isFigure(file.summary?.tailMs) &&
    Array.isArray(file.summary?.rows) &&
    file.summary.rows.every((row) => typeof row?.label === 'string' && isFigure(row.bytes?.value));
  if (!fine) throw planError(field, 'this is no evaluation', 'Give the eval.json that `slicer eval` wrote.');
  return file;
}

/**
 * The model as the planner takes it. Shares of the head are measured where an evaluation is there, else those of the
 * multiply–accumulates; every cut can also be sent uncoded, and the input as it is.
 *
 * @throws SlicerError `invalid_option` where there is nothing to choose from, or a cut is evaluated that the survey does not have.
 */
export function problemModel({ survey, evals }: PlanFiles): ModelCosts {
  if (!survey && evals.length === 0)
    throw planError('cuts', 'neither a survey nor an evaluation is given', 'Give --cuts, --eval, or both.');
  const cuts = new Map<string, CutCosts>();
  for (const cut of survey?.cuts ?? []) {
    const name = nameOf(cut);
    cuts.set(name, {
      name,
      bytes: cut.bytes,
      headShare: survey!.macs > 0 ? cut.macsBefore / survey!.macs : 0,
      memoryBytes:
        cut.weightBytesBefore === undefined ? undefined : cut.weightBytesBefore + cut.bytes + survey!.inputBytes,
      points: [uncoded(cut.bytes)],
    });
  }
  const forms = new Map<string, FormPoint>();
  if (survey)
    forms.set('the input as it is', {
      form: 'the input as it is',
      bytes: survey.inputBytes,
      quality: { kl: 0, loss: 0 },
    });
  for (const { crossing, summary, parts } of evals) {
    const name = crossing.join(',');
    const known = cuts.get(name);
    if (survey && !known) {
      throw planError('eval', `the survey has no cut at ${name}`, 'Survey and evaluations must be of the same model.');
    }
    const total = summary.headMs + summary.tailMs;
    const points = summary.rows.flatMap((row) => (row.kind === 'codec' ? [pointOf(row)] : []));
    cuts.set(name, {
      name,
      bytes: summary.rawBytes,
      headShare: total > 0 ? summary.headMs / total : (known?.headShare ?? 0),
      memoryBytes: known?.memoryBytes ?? (parts ? parts.head + summary.rawBytes : undefined),
      points: [uncoded(summary.rawBytes), ...points],
    });
    for (const row of summary.rows) {
      if (row.kind === 'input')
        forms.set(row.label, { form: row.label, bytes: row.bytes.value, quality: qualityOf(row) });
    }
  }
  const totals = evals.map(({ summary }) => summary.headMs + summary.tailMs).filter((ms) => ms > 0);
  totals.sort((a, b) => a - b);
  return {
    name: survey?.model,
    cuts: [...cuts.values()],
    forms: [...forms.values()],
    memoryBytes: survey?.weightBytes === undefined ? wholeOf(evals) : survey.weightBytes + survey.inputBytes,
    referenceMs: totals[totals.length >> 1],
  };
}

/** Where a survey was made for inputs of other sizes than an evaluation, as sentences: shares of compute and memory are those of the survey. */
export function sizesApart({ survey, evals }: PlanFiles): string[] {
  return evals.flatMap(({ crossing, summary }) => {
    const name = crossing.join(',');
    const bytes = survey?.cuts.find((cut) => nameOf(cut) === name)?.bytes;
    if (bytes === undefined || Math.abs(bytes - summary.rawBytes) <= 0.01 * summary.rawBytes) return [];
    return [
      `note: at ${name} the survey has ${bytes} B uncoded, the evaluation ${Math.round(summary.rawBytes)} B on average: if all items have one size, survey it (slicer cuts --input-shape)`,
    ];
  });
}

const nameOf = (cut: SurveyFile['cuts'][number]) => cut.tensors?.map(({ name }) => name).join(',') ?? cut.name;

const uncoded = (bytes: number): CodedPoint => ({
  setting: 'uncoded',
  bytes,
  quality: { kl: 0, loss: 0 },
  encodeMs: 0,
  decodeMs: 0,
});

type EvalRow = EvalFile['summary']['rows'][number];

function pointOf(row: EvalRow): CodedPoint {
  const { label, bytes, encodeMs = 0, decodeMs = 0 } = row;
  return { setting: label, bytes: bytes.value, quality: qualityOf(row), encodeMs, decodeMs };
}

/** KL as measured; of the first score the loss at the upper end of its interval, as few items prove little. */
function qualityOf({ figures, loss }: EvalRow): Quality {
  const [first] = Object.values(loss ?? {});
  return { kl: figures?.kl?.value, loss: first === undefined ? undefined : Math.max(0, first.high) };
}

function wholeOf(evals: readonly EvalFile[]): number | undefined {
  const parts = evals[0]?.parts;
  return parts && parts.head + parts.tail;
}

function isFigure(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
