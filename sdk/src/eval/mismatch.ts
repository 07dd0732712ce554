/**
 * Labels, outputs and numbers that do not fit each other. To callers a `RangeError`; a class of its own tells it from those of the
 * runtime that a model runs in, which mean something else.
 */
export class Mismatch extends RangeError {}
