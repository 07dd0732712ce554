// How long a run still takes, from the work done since it began; what was done before costs nothing.

/** `left(total)` gives a function of the work done so far that says the time left; `skip` notes work that took no time. */
export function left(total, now = () => performance.now()) {
  const start = now();
  let [free, last] = [0, 0];
  const say = (sofar) => {
    const done = last - free;
    last = sofar;
    if (done <= 0) return 'time left not known yet';
    const seconds = ((now() - start) / 1000 / done) * (total - sofar);
    return seconds < 90 ? `${Math.ceil(seconds)} s left` : `${Math.ceil(seconds / 60)} min left`;
  };
  say.skip = (sofar) => {
    free += sofar - last;
    last = sofar;
  };
  return say;
}
