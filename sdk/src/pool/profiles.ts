/** Numbers for profiles, so that each travels once to a worker, and how many of them both sides keep. */
import { SlicerError } from '../codec/errors.js';
import { bytesOf, checkAttached } from '../codec/tensor.js';
import type { Delivery } from './message.js';

/**
 * Profiles that the pool keeps, and each of its workers: those used last. One may have megabytes, and a server may see a new one
 * with every release of its models; who comes back to one that was forgotten pays for its way again.
 */
const KEPT = 16;

/** The profiles that a pool has seen last. */
export class Shelf {
  /** By array: the usual case, and nothing is compared. */
  private readonly numbers = new WeakMap<Uint8Array, number>();
  /** By content: callers may bring a new array with every call, which must not fill the workers. Used longest ago first. */
  private readonly kept = new Map<number, Delivery>();
  private last = 0;

  /** A profile under its number, the same for the same bytes as long as it is kept. A job holds it until a worker has it. */
  take(profile: Uint8Array): Delivery {
    if (!ArrayBuffer.isView(profile)) throw new SlicerError('invalid_option', 'A profile is given as a Uint8Array.');
    checkAttached(profile);
    const found = this.find(profile);
    const { number } = found;
    this.numbers.set(profile, number);
    // What is used goes to the end.
    this.kept.delete(number);
    this.kept.set(number, found);
    if (this.kept.size > KEPT) this.kept.delete(first(this.kept.keys()));
    return found;
  }

  private find(profile: Uint8Array): Delivery {
    const known = this.kept.get(this.numbers.get(profile) ?? 0);
    if (known) return known;
    const bytes = bytesOf(profile);
    for (const other of this.kept.values()) if (equal(other.bytes, bytes)) return other;
    this.last += 1;
    return { number: this.last, bytes: new Uint8Array(bytes) };
  }
}

/** What one worker holds, as the pool knows it: the worker does as it is told. */
export class Held {
  private readonly numbers = new Set<number>();

  /** What has to be sent with a job, and what the worker is to forget; it counts as done. */
  update(profiles: readonly Delivery[]): { deliveries: Delivery[]; dropped: number[] } {
    const wanted = new Map(profiles.map((profile) => [profile.number, profile]));
    const deliveries = [...wanted.values()].filter(({ number }) => !this.numbers.has(number));
    for (const number of wanted.keys()) {
      this.numbers.delete(number);
      this.numbers.add(number);
    }
    const dropped: number[] = [];
    // The job's own stand at the end: however many they are, all of them stay.
    while (this.numbers.size > Math.max(KEPT, wanted.size)) {
      const oldest = first(this.numbers);
      this.numbers.delete(oldest);
      dropped.push(oldest);
    }
    return { deliveries, dropped };
  }
}

function first(numbers: Iterable<number>): number {
  for (const number of numbers) return number;
  return 0;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
