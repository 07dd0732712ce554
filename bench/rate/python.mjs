// The Python peers: one long-lived process in a virtual environment of its own, asked line by line. Nothing is needed but
// Python >= 3.10 with venv; a package that cannot be installed costs its own peer only.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readNpy, writeNpy } from 'slicer-codec/npy';

const here = fileURLToPath(new URL('./python', import.meta.url));
const lines = (name) => readFileSync(join(here, name), 'utf8').split('\n').filter(Boolean);

/** Makes the virtual environment when it is missing or out of date; resolves with its Python. */
function environment(folder, say) {
  const python = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const [full, bare] = [lines('requirements.txt'), lines('requirements-bare.txt')];
  const wanted = JSON.stringify([full, bare]);
  const stamp = join(folder, 'installed.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  mkdirSync(folder, { recursive: true });
  const run = (command, args) => spawnSync(command, args, { encoding: 'utf8' });
  const made = run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', '--clear', folder]);
  if (made.status !== 0) throw new Error(`no virtual environment for the Python peers: ${made.stderr ?? made.error}`);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const packages = [...full.map((name) => [name]), ...bare.map((name) => ['--no-deps', name])];
  for (const [i, args] of packages.entries()) {
    say(`installing ${args.at(-1)} (${i + 1}/${packages.length}; what has to be compiled takes minutes)`);
    // A failure shows later, as a peer that is reported missing with the reason.
    run(python, [...pip, ...args]);
  }
  writeFileSync(stamp, wanted);
  return python;
}

/** The worker; starts with the first request and ends with `close` or with this process. */
export class PythonPeers {
  #pending = [];
  #count = 0;

  constructor({ cache, say }) {
    this.venv = join(cache, 'venv');
    // Of this process alone: two runs must not read each other's tensors.
    this.scratch = join(cache, `scratch-${process.pid}`);
    this.say = say;
  }

  #start() {
    if (this.process) return;
    const python = environment(this.venv, this.say);
    mkdirSync(this.scratch, { recursive: true });
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', OMP_NUM_THREADS: '1' };
    this.process = spawn(python, [join(here, 'worker.py')], { stdio: ['pipe', 'pipe', 'pipe'], env });
    let noise = '';
    this.process.stderr.on('data', (text) => {
      noise = (noise + text).slice(-2000);
    });
    createInterface({ input: this.process.stdout }).on('line', (line) =>
      this.#pending.shift()?.resolve(JSON.parse(line)),
    );
    this.process.on('exit', (code) => {
      for (const { reject } of this.#pending) reject(new Error(`the Python worker ended with ${code}: ${noise}`));
      this.#pending = [];
      this.process = undefined;
    });
  }

  /** Sends a request; resolves with the answer. */
  async ask(request) {
    this.#start();
    const reply = await new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.process.stdin.write(`${JSON.stringify(request)}\n`);
    });
    if (reply.error) throw new Error(`${request.peer ?? request.op}: ${reply.error}`);
    return reply;
  }

  /** What is there: `{ name: { about } | { missing } }`; empty when there is no Python at all. */
  async list() {
    try {
      this.known ??= (await this.ask({ op: 'peers' })).peers;
    } catch (error) {
      this.known = {};
      this.why = error.message;
    }
    return this.known;
  }

  /** Encodes and decodes every item of a stack `{ data, dims, path? }`. */
  async run(peer, stack, setting) {
    this.#start();
    const number = this.#count++;
    const input = stack.path ?? join(this.scratch, `${number}.in.npy`);
    const output = join(this.scratch, `${number}.out.npy`);
    if (!stack.path) writeFileSync(input, writeNpy({ type: 'float32', data: stack.data, dims: stack.dims }));
    try {
      const { bytes, encodeMs, decodeMs } = await this.ask({ op: 'run', peer, setting, input, output });
      const { data } = readNpy(new Uint8Array(readFileSync(output)));
      return { data, bytes, encodeMs, decodeMs };
    } finally {
      if (!stack.path) rmSync(input, { force: true });
      rmSync(output, { force: true });
    }
  }

  close() {
    this.process?.stdin.end();
    rmSync(this.scratch, { recursive: true, force: true });
  }
}
