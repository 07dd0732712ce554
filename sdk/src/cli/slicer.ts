#!/usr/bin/env node
/** The `slicer` program: runs one command and turns whatever happens into an exit code. */
import { CommanderError } from 'commander';
import { errorAsJson, errorAsText, exitCodeOf } from './exit.js';
import { createProgram } from './program.js';

const json = process.argv.includes('--json');
const program = createProgram();
for (const command of [program, ...program.commands]) {
  command.exitOverride();
  // Programs get the one JSON line below instead of commander's text.
  if (json) command.configureOutput({ writeErr: () => {} });
}

// A reader that goes away (slicer inspect x | head) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  const helpOrVersion = error instanceof CommanderError && process.exitCode === 0;
  if (!helpOrVersion) process.stderr.write(json ? `${errorAsJson(error)}\n` : errorAsText(error));
}
