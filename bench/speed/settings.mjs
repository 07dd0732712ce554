/** Step over root mean square; the native program has the same number. */
export const RELATIVE_STEP = 0.35;
