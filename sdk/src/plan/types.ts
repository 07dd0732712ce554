/**
 * What a planner knows and what it answers. Everything is plain data, so that measured figures, a profile's curve or a later
 * search over more variables (exits, energy, a moving link) fit in without a change of what exists.
 */

/** A place where the model can be cut. */
export interface CutCosts {
  readonly name: string;
  /** Bytes of what crosses, as it is. */
  readonly bytes: number;
  /** Share of the model's time that the head takes, 0…1: measured, or multiply–accumulates before the cut over all. */
  readonly headShare: number;
  /** Bytes the device must hold: the head's weights, and what crosses. */
  readonly memoryBytes?: number;
  /** What the codec makes of it. */
  readonly points: readonly CodedPoint[];
}

/** One setting of the codec at a cut: a point of the curve setting → bytes → quality. */
export interface CodedPoint {
  readonly setting: string;
  /** Bytes on the wire, the frame's header included. */
  readonly bytes: number;
  readonly quality: Quality;
  /** Of the reference machine, on which the model takes `ModelCosts.referenceMs`. */
  readonly encodeMs: number;
  readonly decodeMs: number;
}

/** What a setting does to the answers, against the unsplit network; what is unknown is absent. */
export interface Quality {
  readonly kl?: number;
  /** Loss of the task's score, 0…1, at the upper end of its interval where there is one. */
  readonly loss?: number;
}

/** Another form of the input, sent instead of a tensor. */
export interface FormPoint {
  readonly form: string;
  readonly bytes: number;
  readonly quality: Quality;
  readonly encodeMs?: number;
  readonly decodeMs?: number;
}

/** A model with its cuts. */
export interface ModelCosts {
  readonly name?: string;
  readonly cuts: readonly CutCosts[];
  readonly forms: readonly FormPoint[];
  /** Bytes the whole model takes on the device. */
  readonly memoryBytes?: number;
  /** Milliseconds of the whole model on the machine where codec times were measured; without it those count as they are. */
  readonly referenceMs?: number;
}

/** The device, the server and what is between them. */
export interface Place {
  /** Milliseconds of the whole model on the device, and on the server. */
  readonly deviceMs: number;
  readonly serverMs: number;
  /** Bits a second from the device to the server. */
  readonly uplink: number;
  /** Milliseconds there and back. */
  readonly rtt: number;
  /** Bits a second back, and bytes of an answer; an answer without a `downlink` takes no time beyond `rtt`. */
  readonly downlink?: number;
  readonly answerBytes?: number;
  /** Bytes of a message beyond its payload, such as the head of an HTTP request. */
  readonly overheadBytes?: number;
}

/** Upper bounds; what is absent is free. */
export interface Constraints {
  readonly latencyMs?: number;
  readonly memoryBytes?: number;
  readonly bytes?: number;
  readonly kl?: number;
  readonly loss?: number;
}

/** What is made as small as possible within the constraints. */
export type Objective = 'latency' | 'server' | 'bytes';

/** Kinds of answers. */
export type Kind = 'split' | 'input' | 'local';

/** The question. */
export interface PlanProblem {
  readonly model: ModelCosts;
  readonly place: Place;
  readonly constraints?: Constraints;
  readonly objective: Objective;
  /** Kinds of answers that are not wanted. */
  readonly exclude?: readonly Kind[];
}

/** Milliseconds by what they are spent on; they add up to the latency. */
export interface Terms {
  readonly head: number;
  readonly encode: number;
  readonly uplink: number;
  readonly rtt: number;
  readonly decode: number;
  readonly tail: number;
  readonly answer: number;
}

/** One option with everything the constraints ask about. */
export interface Option {
  readonly kind: Kind;
  readonly cut?: string;
  /** The codec's setting, or the form of the input. */
  readonly setting?: string;
  readonly terms: Terms;
  readonly latencyMs: number;
  /** Milliseconds the server is busy: decoding and the tail. */
  readonly serverMs: number;
  /** Bytes up the link, overhead included. */
  readonly bytes: number;
  readonly memoryBytes?: number;
  readonly quality: Quality;
}

/** How far an option is from one constraint. */
export interface Gap {
  readonly constraint: keyof Constraints;
  readonly bound: number;
  /** What the option has; `undefined` where that is not known, which no bound accepts. */
  readonly value: number | undefined;
  /** Value minus bound; positive: the constraint fails by so much. */
  readonly by: number;
}

/** A constraint without which the objective would be smaller. */
export interface Binding extends Gap {
  /** The best option without it. */
  readonly without: Option;
  /** How much smaller the objective would be. */
  readonly gain: number;
}

/** A failed search: which bounds cannot hold together, and the option that comes nearest. */
export interface Failure {
  /** Bounds that no option meets even alone. */
  readonly alone: readonly (Gap & { readonly nearest: Option })[];
  /** For every bound: the least by which it fails where all others hold; absent where the others contradict each other, too. */
  readonly together: readonly (Gap & { readonly nearest: Option })[];
  /** The option with the least relative excess over all bounds, and its gaps. */
  readonly nearest: Option;
  readonly gaps: readonly Gap[];
}

/** The answer. */
export type Plan =
  | {
      readonly met: true;
      readonly objective: Objective;
      readonly chosen: Option;
      /** The next best option that meets everything. */
      readonly runnerUp?: Option;
      readonly binding: readonly Binding[];
      /** Gaps of the chosen option, all at most 0. */
      readonly gaps: readonly Gap[];
      readonly considered: number;
      readonly feasible: number;
    }
  | {
      readonly met: false;
      readonly objective: Objective;
      readonly failure: Failure;
      readonly considered: number;
    };
