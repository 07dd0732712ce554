/** Numbers for profiles, so that each travels once to a worker. */
import { SlicerError } from '../codec/errors.js';
import { bytesOf } from '../codec/tensor.js';
import type { Delivery } from './message.js';

/** The profiles that a pool has seen. */
export class Shelf {
  /** By array: the usual case, and nothing is compared. */
  private readonly numbers = new WeakMap<Uint8Array, number>();
  /** By content: callers may bring a new array with every call, which must not fill the workers. */
  private readonly contents: Uint8Array[] = [];

  /** The number of a profile, the same for the same bytes. */
  number(profile: Uint8Array): number {
    if (!ArrayBuffer.isView(profile)) throw new SlicerError('invalid_option', 'A profile is given as a Uint8Array.');
    const known = this.numbers.get(profile);
    if (known !== undefined) return known;
    const bytes = bytesOf(profile);
    let number = this.contents.findIndex((other) => equal(other, bytes));
    if (number < 0) number = this.contents.push(bytes.slice()) - 1;
    this.numbers.set(profile, number);
    return number;
  }

  /** What a worker that has been sent the profiles in `sent` lacks of these; they count as sent from now on. */
  deliveries(profiles: readonly number[], sent: Set<number>): Delivery[] {
    const missing = profiles.filter((number) => !sent.has(number));
    return [...new Set(missing)].map((number) => {
      sent.add(number);
      return { number, bytes: this.contents[number] };
    });
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
