// One changing line on a terminal, nothing elsewhere: results go to standard output, progress to standard error.

/** A function that shows what is being done. */
export function progress(stream = process.stderr) {
  if (!stream.isTTY) return () => {};
  return (text) => stream.write(`\r\u001b[K${text}`);
}
