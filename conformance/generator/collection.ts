/** Vectors while they are being made. */
import type { Fault } from './bytes.ts';
import { checksum } from './crc32c.ts';
import type { Type } from './elements.ts';
import { type Flag, flagsOf } from './flags.ts';
import { type Body, FEATURE, isCoded, type Setup } from './model.ts';
import { type Profile, type ProfileDamage, type ProfileFile, profileFile } from './profile.ts';
import { bareBody, bareSetup, expected, featuresOf, standalone } from './stream.ts';

/** The four drawers. */
export type Drawer = 'must-read' | 'legal-but-rare' | 'malformed' | 'invalid';

/** The error codes of § 14.1. */
export type Code =
  | 'truncated'
  | 'corrupt'
  | 'bad_magic'
  | 'unsupported_version'
  | 'unsupported_feature'
  | 'unknown_profile'
  | 'profile_mismatch'
  | 'checksum_mismatch'
  | 'limit_exceeded'
  | 'bad_dims'
  | 'bad_bins'
  | 'bad_table'
  | 'trailing_bytes';

/** What a decoder must answer. */
export type Expect =
  | { type: Type; dims: number[]; bytes: Uint8Array; magnitudes?: number[] }
  | { error: Code; field: string; offset?: number; or?: Code[] };

/** The tiers of § 1.1. */
export type Tier = 'baseline' | 'main' | 'dense';

/** What happens to a stream's decoder. */
export type Step =
  | { body: Uint8Array; expect: Expect }
  | { skip: number }
  | { snapshot: string }
  | { restore: string }
  | { reset: true };

/** One vector with its bytes. */
export interface Vector {
  id: string;
  drawer: Drawer;
  about: string;
  sections: string[];
  flags: Flag[];
  tier: Tier;
  framing: 'standalone' | 'bare' | 'stream';
  /** To be held before anything is decoded. */
  profiles: ProfileFile[];
  files: { frame: Uint8Array } | { setup: Uint8Array; body?: Uint8Array };
  /** Of `stream` framing: bodies in order, and what happens between them. */
  steps?: Step[];
  /** Of all others. */
  expect?: Expect;
  reconstruction?: 'exact' | 'numeric';
  limits?: { maxBytes: number };
}

/** What the setup asks of a decoder. */
export function tierOf(s: Setup): Tier {
  const features = featuresOf(s);
  if (features & (FEATURE.TRELLIS | FEATURE.DENSE)) return 'dense';
  return features & (FEATURE.CHANNEL_TRANSFORM | FEATURE.DCT) ? 'main' : 'baseline';
}

/** What a vector's definition may add. */
export interface Notes {
  drawer?: Drawer;
  flags?: Flag[];
  bare?: boolean;
  /** Other profiles than the setup's. */
  profiles?: ProfileFile[];
}

/** Damage to a stream: faults by field, a change of all bytes, or a cut. */
export interface Damage {
  faults?: Readonly<Record<string, Fault>>;
  /** Keep only the bytes before this field's end less `less`. */
  cut?: { field: string; less: number };
  /** Bytes added at the end. */
  extra?: number[];
  /** For bare framing: the damage is in the setup, and there is no body. */
  setupOnly?: boolean;
  flags?: Flag[];
  bare?: boolean;
  drawer?: 'malformed' | 'invalid';
  /** Codes that are right too. */
  or?: Code[];
  limits?: { maxBytes: number };
  /** Other profiles than the setup's. */
  profiles?: ProfileFile[];
}

/** Collects vectors; ids are unique. */
export class Collection {
  readonly vectors: Vector[] = [];
  private readonly ids = new Set<string>();

  /** Whether there is a vector of this name. */
  has(id: string): boolean {
    return this.ids.has(id);
  }

  add(vector: Vector): void {
    if (this.ids.has(vector.id)) throw new Error(`two vectors named ${vector.id}`);
    this.ids.add(vector.id);
    this.vectors.push(vector);
  }

  /** A valid stream. `sections` are separated by blanks. */
  good(id: string, about: string, sections: string, s: Setup, b: Body, notes: Notes = {}): void {
    const tensor = expected(s, b);
    const numeric = s.domain === 'real' && isCoded(s) && !b.raw;
    const files = notes.bare
      ? { setup: pack(bareSetup(s).bytes), body: pack(bareBody(s, b).bytes) }
      : { frame: pack(standalone(s, b).bytes) };
    this.add({
      id,
      drawer: notes.drawer ?? 'must-read',
      about,
      sections: [...sections.split(' '), ...(numeric ? ['11.1'] : [])],
      flags: [...new Set([...flagsOf(s, b, tensor.dims), ...(notes.flags ?? [])])],
      tier: tierOf(s),
      framing: notes.bare ? 'bare' : 'standalone',
      profiles: notes.profiles ?? (s.profile ? [s.profile.file] : []),
      files,
      expect: { type: s.type, ...tensor },
      reconstruction: numeric ? 'numeric' : 'exact',
    });
  }

  /** A profile with one fault in `field`, and a frame that names it and lacks nothing. */
  badProfile(
    id: string,
    about: string,
    sections: string,
    error: Code,
    field: string,
    [profile, damage]: readonly [Profile, ProfileDamage],
    [s, b]: readonly [Setup, Body],
    drawer: 'malformed' | 'invalid' = 'invalid',
    or?: Code[],
  ): void {
    const file = profileFile({ ...profile, name: id }, damage);
    const mark = file.marks.find((m) => m.name === field);
    if (!mark) throw new Error(`${id}: no field ${field}`);
    this.add({
      id,
      drawer,
      about,
      sections: [...sections.split(' '), '14.1'],
      flags: ['profile'],
      tier: tierOf(s),
      framing: 'standalone',
      profiles: [file],
      files: { frame: pack(standalone({ ...s, profile: { ...s.profile, file } }, b).bytes) },
      expect: { error, field, offset: mark.start, or },
    });
  }

  /** A stream with one fault in `field`. */
  bad(
    id: string,
    about: string,
    sections: string,
    error: Code,
    field: string,
    [s, b]: readonly [Setup, Body],
    d: Damage,
  ): void {
    const faults = d.faults ?? {};
    const writer = d.setupOnly ? bareSetup(s, faults) : d.bare ? bareBody(s, b, faults) : standalone(s, b, faults);
    const unused = Object.keys(faults).filter((name) => !writer.used.has(name));
    if (unused.length > 0) throw new Error(`${id}: no field ${unused.join(', ')}`);
    const find = (name: string) => {
      const mark = writer.marks.find((m) => m.name === name);
      if (!mark) throw new Error(`${id}: no field ${name} among ${writer.marks.map((m) => m.name).join(' ')}`);
      return mark;
    };
    let bytes = pack(writer.bytes);
    if (d.cut) bytes = bytes.slice(0, find(d.cut.field).end - d.cut.less);
    if (d.extra) bytes = pack([...bytes, ...d.extra]);
    const files = d.setupOnly
      ? { setup: bytes }
      : d.bare
        ? { setup: pack(bareSetup(s).bytes), body: bytes }
        : { frame: bytes };
    this.add({
      id,
      drawer: d.drawer ?? 'invalid',
      about,
      sections: [...sections.split(' '), '14.1'],
      flags: d.flags ?? [],
      tier: tierOf(s),
      framing: d.setupOnly || d.bare ? 'bare' : 'standalone',
      profiles: d.profiles ?? (s.profile ? [s.profile.file] : []),
      files,
      expect: { error, field, offset: find(field).start, or: d.or },
      limits: d.limits,
    });
  }
}

/** Appends the checksum to bytes written by hand. */
export function sealed(bytes: readonly number[]): number[] {
  return [...bytes, ...checksum(bytes)];
}

function pack(bytes: Iterable<number>): Uint8Array {
  return Uint8Array.from(bytes);
}
