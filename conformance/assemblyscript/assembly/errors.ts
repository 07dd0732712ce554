/**
 * § 14.1 Error classes, as values: the first violation is kept and everything after it is ignored.
 */

export enum E {
  OK,
  TRUNCATED,
  CORRUPT,
  BAD_MAGIC,
  UNSUPPORTED_VERSION,
  UNSUPPORTED_FEATURE,
  UNKNOWN_PROFILE,
  PROFILE_MISMATCH,
  CHECKSUM_MISMATCH,
  LIMIT_EXCEEDED,
  BAD_DIMS,
  BAD_BINS,
  BAD_TABLE,
  TRAILING_BYTES,
}

let code: i32 = 0;
let where: u32 = 0;
let segment: i64 = -1;

export function clear(): void {
  code = E.OK;
  where = 0;
  segment = -1;
}

/** § 12.4: from now on every violation is `corrupt`, in the segment at this byte. */
export function inSegment(at: u32): void {
  segment = at;
}

/** Unless the condition holds there is an error, recorded if it is the first. */
export function check(holds: bool, error: i32, at: u32): void {
  if (holds || code) return;
  code = segment < 0 ? error : E.CORRUPT;
  where = segment < 0 ? at : u32(segment);
}

export function failed(): bool {
  return code !== E.OK;
}

/** The number of the error, in the order above. */
export function status(): i32 {
  return code;
}

export function offset(): u32 {
  return where;
}
