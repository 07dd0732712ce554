/** What most drawers of vectors begin with: many valid vectors that differ from one setup in a thing or two. */
import type { Collection, Notes } from './collection.ts';
import type { Body, Setup } from './model.ts';
import { coded, type Source } from './samples.ts';

/** Adds a valid vector: what its setup, its body and its notes have beyond the shared ones. */
export type Make = (
  id: string,
  about: string,
  sections: string,
  some: Partial<Setup>,
  more?: Partial<Body>,
  notes?: Notes,
) => void;

/** What all vectors of a maker share: fields of the setup, far levels (see `coded`), notes. */
export interface Shared {
  base?: Partial<Setup>;
  outliers?: readonly number[];
  notes?: Notes;
}

/** A maker whose vectors take their random numbers by their id. */
export function makerOf(out: Collection, source: Source, { base, outliers, notes: common }: Shared = {}): Make {
  return (id, about, sections, some, more = {}, notes = {}) => {
    const [s, b] = coded({ ...base, ...some }, source(id), outliers);
    out.good(id, about, sections, s, { ...b, ...more }, { ...common, ...notes });
  };
}
