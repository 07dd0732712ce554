import { SlicerError } from '../codec/errors.js';
import { FormatLimit } from './format.js';

/** Caps of a reader. Every one can be set by the caller; what is not set has the default (`spec/container.md` § 11). */
export interface ContainerLimits {
  /** Largest payload of one record. Default 2^30. */
  maxRecordBytes?: number;
  /** Most records in a file. Default 2^20. */
  maxRecords?: number;
  /** Most tensor names. Default 65,536. */
  maxTensors?: number;
  /** Most setups. Default 65,536. */
  maxSetups?: number;
  /** Most bytes of all setups together. Default 2^26. */
  maxSetupBytes?: number;
  /** Most bytes of all tensor names together. Default 2^24. */
  maxNameBytes?: number;
}

/** The defaults of {@link ContainerLimits}. */
export const DEFAULT_LIMITS: Readonly<Required<ContainerLimits>> = /* @__PURE__ */ Object.freeze({
  maxRecordBytes: 2 ** 30,
  maxRecords: 2 ** 20,
  maxTensors: 65_536,
  maxSetups: 65_536,
  maxSetupBytes: 2 ** 26,
  maxNameBytes: 2 ** 24,
});

/** Fills in defaults and refuses what is not a count. */
export function resolveLimits(limits: ContainerLimits = {}): Required<ContainerLimits> {
  const resolved = { ...DEFAULT_LIMITS };
  for (const [name, value] of Object.entries(limits)) {
    if (!(name in DEFAULT_LIMITS)) {
      throw fail('invalid_option', `There is no container limit named ${name}.`, 0, limitAdvice);
    }
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < 0) {
      throw fail('invalid_option', `${name} must be a whole number from 0, not ${String(value)}.`, 0, limitAdvice);
    }
    resolved[name as keyof ContainerLimits] = value;
  }
  resolved.maxRecordBytes = Math.min(resolved.maxRecordBytes, FormatLimit.payloadBytes);
  return resolved;
}

const limitAdvice = 'The limits are maxRecordBytes, maxRecords, maxTensors, maxSetups, maxSetupBytes and maxNameBytes.';

/** One place that makes the errors of this folder; `advice` defaults to what usually helps for the code. */
export function fail(code: string, message: string, offset: number, advice: string = ADVICE[code] ?? ''): SlicerError {
  return new SlicerError(code, message, { offset, advice });
}

const ADVICE: Record<string, string> = {
  bad_magic: 'A .slcr file begins with SLCR (container) or SLCF (standalone frame). Check that this is the right file.',
  unsupported_version: 'The file was written by another release. Use the release that wrote it, or write it again.',
  unsupported_feature: 'The file uses something this release does not know. Try a newer release.',
  truncated:
    'The file ends too early: fetch it again, or keep the whole records with recoverContainer() (slicer --recover).',
  checksum_mismatch:
    'The file was damaged after it was written: fetch it again, or keep what comes before with recoverContainer() (slicer --recover).',
  limit_exceeded: 'If you trust the file, raise the limit; otherwise leave it.',
  bad_container: 'The writer of this file broke the format. See spec/container.md.',
};
