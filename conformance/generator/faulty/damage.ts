/** Ways to damage a field. */
import type { Fault } from '../bytes.ts';

/** Other bytes in its place. */
export function become(...bytes: number[]): Fault {
  return () => bytes;
}

/** One byte replaced; negative positions count from the end. */
export function at(position: number, value: number): Fault {
  return (bytes) => bytes.map((b, i) => (i === (position < 0 ? bytes.length + position : position) ? value : b));
}

/** Bits of one byte turned. */
export function flip(position: number, mask: number): Fault {
  return (bytes) => bytes.map((b, i) => (i === (position < 0 ? bytes.length + position : position) ? b ^ mask : b));
}

/** Bytes added at the end. */
export function append(...more: number[]): Fault {
  return (bytes) => [...bytes, ...more];
}

/** Bytes dropped from the end. */
export function drop(n: number): Fault {
  return (bytes) => bytes.slice(0, bytes.length - n);
}
