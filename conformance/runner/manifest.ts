/** The vectors as the manifest lists them, and which of them to run. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Finding } from './container-answer.ts';
import type { ErrorClass, Type } from './neutral.ts';

/** The tiers of § 1.1, lowest first. */
export const TIERS = ['baseline', 'main', 'dense'] as const;
/** Name of a tier. */
export type Tier = (typeof TIERS)[number];

/** The tensor that must come out. */
export interface WantedTensor {
  type: Type;
  dims: number[];
  sha256: string;
  /** The elements in base64, where they are few. */
  bytes?: string;
}

/** The error that must come out. */
export interface WantedError {
  error: ErrorClass;
  /** Other classes that are right too. */
  or?: ErrorClass[];
  field: string;
}

/** What a decoder must answer. */
export type Wanted = WantedTensor | WantedError;

/** What happens to a stream's decoder. */
export type Step =
  | { body: string; expect: Wanted }
  | { skip: number }
  | { snapshot: string }
  | { restore: string }
  | { reset: true };

/** One vector; paths are relative to the manifest. */
export interface Vector {
  id: string;
  drawer: string;
  about: string;
  /** Sections of the specification; those of profiles begin with P. */
  sections: string[];
  flags: string[];
  tier: Tier;
  framing: 'standalone' | 'bare' | 'stream';
  profiles?: string[];
  files: { frame?: string; setup?: string; body?: string };
  steps?: Step[];
  expect?: Wanted;
  reconstruction?: 'exact' | 'numeric';
  /** § 11.1, where § 15 or § 16 applies: per body, a largest magnitude per row, or one for all. */
  magnitudes?: number[][];
  limits?: { maxBytes: number };
}

/** One container; its path is relative to the manifest. */
export interface ContainerVector {
  id: string;
  about: string;
  /** Sections of the container's specification; they begin with C. */
  sections: string[];
  file: string;
  /** What reading the whole file answers, and what recovering it does. */
  scan: Finding;
  recover: Finding;
}

/** The manifest, and the folder its paths start from. */
export interface Manifest {
  folder: string;
  draft: number;
  /** Titles of the specification's sections. */
  sections: Record<string, string>;
  vectors: Vector[];
  containers: ContainerVector[];
}

/** The vectors of this package. */
export const OWN_VECTORS = fileURLToPath(new URL('../vectors/', import.meta.url));

/** Reads `manifest.json` in a folder. */
export function readManifest(folder = OWN_VECTORS): Manifest {
  const base = folder.endsWith('/') ? folder : `${folder}/`;
  const { draft, sections, vectors, containers = [] } = JSON.parse(readFileSync(`${base}manifest.json`, 'utf8'));
  return { folder: base, draft, sections, vectors, containers };
}

/** Which vectors to run. */
export interface Choice {
  /**
   * Words; a vector is taken if one of them is a part of its id, its drawer, one of its flags, `§` and a section it belongs to, or `=` and its id.
   */
  filter?: readonly string[];
  /** Take every nth. */
  every?: number;
}

/** The vectors of a choice, in the manifest's order. */
export function choose(vectors: readonly Vector[], { filter = [], every = 1 }: Choice): Vector[] {
  const matches = (v: Vector, word: string) => {
    if (word.startsWith('=')) return v.id === word.slice(1);
    if (word.startsWith('§')) return v.sections.some((s) => s === word.slice(1).trim());
    return v.id.includes(word) || v.drawer === word || v.flags.includes(word);
  };
  const chosen = filter.length === 0 ? vectors : vectors.filter((v) => filter.some((word) => matches(v, word)));
  return chosen.filter((_, i) => i % every === 0);
}
