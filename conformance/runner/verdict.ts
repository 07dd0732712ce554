/** What became of one case. */

/** `skipped`: the program does not offer it (status 9). */
export type Outcome = 'passed' | 'failed' | 'skipped';

/** What became of one case. */
export interface Verdict {
  id: string;
  about: string;
  /** Sections of the specification that the case is about, the narrowest first. */
  sections: readonly string[];
  /** Sections that it makes use of besides. */
  uses?: readonly string[];
  outcome: Outcome;
  /** For people: what was wrong, or why it was skipped. */
  message?: string;
  /** The last of what the program wrote on standard error. */
  stderr?: string;
  /** Milliseconds. */
  time: number;
}
