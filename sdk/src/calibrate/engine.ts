/** The calibration's own WASM: channel statistics and the transform. It is compiled when a calibration starts. */
import { SlicerError } from '../codec/errors.js';
import { wasm } from '../generated/calibrate.js';

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly __wbindgen_start: () => void;
  readonly calibrator_new: (channels: number) => number;
  readonly calibrator_free: (handle: number) => void;
  readonly detail: (handle: number) => number;
  readonly values: (handle: number, length: number) => number;
  readonly add: (handle: number, plane: number, positions: boolean) => number;
  readonly gram: (handle: number) => number;
  readonly set_metric: (handle: number, share: number) => number;
  readonly statistics: (handle: number) => void;
  readonly fit: (handle: number, rank: number, shrinkage: number) => number;
  readonly list: (handle: number, which: number) => number;
  readonly list_len: (handle: number, which: number) => number;
}

/** Numbers of the lists, as `crates/slicer-calibrate-wasm` has them. */
const List = { mean: 0, sigma: 1, forward: 2, inverse: 3, coefficientSigma: 4, facts: 5 } as const;

/** Values that are handed over in one piece. */
const PIECE = 1 << 22;

/** Mean and spread of each channel, and what they rest on. */
export interface ChannelStatistics {
  readonly channels: number;
  /** Independent inputs: images, or tokens. */
  readonly rows: number;
  /** Positions over all rows. */
  readonly positions: number;
  readonly mean: Float64Array;
  readonly sigma: Float64Array;
  /** How much of the covariance between channels is taken for noise, 0…1. */
  readonly shrinkage: number;
}

/** A channel transform: coefficients = forward · (x − mean), x = inverse · coefficients + mean. */
export interface ChannelTransform {
  /** Coefficients kept. */
  readonly rank: number;
  /** rank × channels, row by row. */
  readonly forward: Float64Array;
  /** channels × rank, row by row. */
  readonly inverse: Float64Array;
  /** Standard deviation of each coefficient, descending. */
  readonly sigma: Float64Array;
  /** Share of the weighted variance in the coefficients kept. */
  readonly kept: number;
  readonly shrinkage: number;
}

let compiled: Promise<WebAssembly.Module> | undefined;

async function load(): Promise<Exports> {
  if (!compiled) {
    const text = atob(wasm);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    compiled = WebAssembly.compile(bytes);
  }
  const instance = await WebAssembly.instantiate(await compiled, {
    './slicer_calibrate_wasm_bg.js': { __wbindgen_init_externref_table: () => {} },
  });
  const live = instance.exports as unknown as Exports;
  live.__wbindgen_start();
  return live;
}

/** Sums over the features seen so far. Each has a module instance of its own, so that its memory goes when it does. */
export class Calibrator {
  private constructor(
    readonly channels: number,
    private readonly wasm: Exports,
    private readonly handle: number,
  ) {}

  /** Starts a calibration. */
  static async create(channels: number): Promise<Calibrator> {
    const live = await load();
    const handle = guarded(() => live.calibrator_new(channels));
    if (handle === 0) throw tooLarge(channels);
    return new Calibrator(channels, live, handle);
  }

  /**
   * Adds whole rows of `plane` positions each.
   *
   * @throws SlicerError `non_finite` with the index of the element in `values`.
   */
  add(values: Float32Array, plane: number, channelsLast: boolean): void {
    const row = this.channels * plane;
    const step = Math.max(1, Math.floor(PIECE / row)) * row;
    for (let from = 0; from < values.length; from += step) {
      const part = values.subarray(from, from + step);
      const address = guarded(() => this.wasm.values(this.handle, part.length));
      if (address === 0) throw tooLarge(this.channels);
      new Float32Array(this.wasm.memory.buffer, address, part.length).set(part);
      const code = guarded(() => this.wasm.add(this.handle, plane, channelsLast));
      if (code !== 0) throw this.error(code, from);
    }
  }

  /** Weighs errors by a·G + (1 − a)·I from here on; G is channels × channels and is scaled to trace = channels. */
  setMetric(gram: Float64Array, share: number): void {
    const address = guarded(() => this.wasm.gram(this.handle));
    new Float64Array(this.wasm.memory.buffer, address, gram.length).set(gram);
    this.check(guarded(() => this.wasm.set_metric(this.handle, share)));
  }

  /** Mean and spread of what was seen. */
  statistics(): ChannelStatistics {
    guarded(() => this.wasm.statistics(this.handle));
    const [rows, positions, shrinkage] = this.list(List.facts);
    const { channels } = this;
    return { channels, rows, positions, mean: this.list(List.mean), sigma: this.list(List.sigma), shrinkage };
  }

  /** The transform for what was seen; `rank` coefficients, or all. */
  transform(rank = 0, shrinkage = Number.NaN): ChannelTransform {
    this.check(guarded(() => this.wasm.fit(this.handle, rank, shrinkage)));
    const facts = this.list(List.facts);
    return {
      rank: rank || this.channels,
      forward: this.list(List.forward),
      inverse: this.list(List.inverse),
      sigma: this.list(List.coefficientSigma),
      kept: facts[3],
      shrinkage: facts[2],
    };
  }

  private list(which: number): Float64Array {
    const address = this.wasm.list(this.handle, which);
    return new Float64Array(this.wasm.memory.buffer, address, this.wasm.list_len(this.handle, which)).slice();
  }

  private check(code: number): void {
    if (code !== 0) throw this.error(code, 0);
  }

  private error(code: number, offset: number): SlicerError {
    const detail = this.wasm.detail(this.handle);
    switch (code) {
      case 1:
        return new SlicerError('invalid_tensor', `The features do not have ${this.channels} channels.`);
      case 2:
        return new SlicerError('non_finite', `Element ${offset + detail} of the features is NaN or infinite.`, {
          offset: offset + detail,
          advice: 'Find out why the model gives such values; nothing can be calibrated on them.',
        });
      case 3:
        return tooFew(this.statistics().rows, detail);
      case 4:
        return new SlicerError('invalid_option', 'The metric is not symmetric, finite and positive semi-definite.', {
          advice: 'Give a sum of WᵀW, or leave the metric out.',
        });
      case 5:
        return new SlicerError('singular_transform', 'The channel transform cannot be inverted.', {
          advice: 'Give the metric a share below 1, so that directions nothing reads keep some weight.',
        });
      case 7:
        return new SlicerError('singular_transform', 'The eigenvalues of the weighted covariance cannot be found.', {
          advice: 'Look for channels of enormous size in the features; else report this.',
        });
      case 8:
        return tooLarge(this.channels);
      default:
        return new SlicerError('invalid_option', 'An option of the transform is out of its range.', {
          advice: 'The rank lies between 1 and the channels, shares between 0 and 1.',
        });
    }
  }
}

/** Inputs that statistics need, `plane` positions each: the rule of `crates/slicer-calibrate`. */
export function inputsNeeded(channels: number, plane: number, transform: boolean): number {
  return transform ? Math.max(16, Math.ceil((4 * channels) / Math.max(plane, 1))) : 16;
}

/** The error for too few inputs; it says how many are needed. */
export function tooFew(have: number, need: number, what = 'inputs'): SlicerError {
  return new SlicerError('too_few_inputs', `${have} ${what} were given; ${need} are needed.`, {
    offset: 0,
    advice: 'Give more feature files, or files with more rows: images for planes, tokens for rows.',
  });
}

function tooLarge(channels: number): SlicerError {
  return new SlicerError('limit_exceeded', `${channels} channels cannot be calibrated: 1 to 4096 can.`, {
    advice: 'Check the layout: the channels are axis 1 from rank 4 on, and the last axis below.',
  });
}

/** A trap in the module is a defect, or memory that ran out; the instance is not used again either way. */
function guarded<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new SlicerError('internal', `The calibration stopped: ${String(error)}`, { cause: error });
  }
}
