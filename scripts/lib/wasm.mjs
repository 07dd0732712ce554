// The WASM builds: wasm-pack compiles and binds, wasm-opt shrinks.
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { cache, npmTool, root, toolEnv, wasmDir } from './paths.mjs';
import { run, say, seconds } from './run.mjs';
import { files, hash, isFresh, note } from './stamp.mjs';

/**
 * With the encoder, size comes first (the profile `wasm` says so): what is inlined is little, whether marked for it, called in
 * loops or called by the façade, which is compiled for speed. Builds that only decode are small enough to be built for speed.
 */
const SMALL = {
  rustc: ['inlinehint-threshold=25', 'inline-threshold=25', 'locally-hot-callsite-threshold=100'].map(
    (limit) => `-Cllvm-args=-${limit}`,
  ),
  cargo: [],
  // Addresses below 1024 are the far end of the stack. Larger functions stay functions even where they have one caller: inlined,
  // they cost a kilobyte more when packed.
  goal: ['-Oz', '--low-memory-unused', '--one-caller-inline-max-function-size', '400'],
};
const FAST = {
  rustc: [],
  cargo: ['--no-default-features', '--config', 'profile.wasm.package.slicer-codec.opt-level=3'],
  goal: ['-O3'],
};

/** Two instruction sets, each with and without the encoder. */
export const variants = [
  { name: 'scalar', simd: false, encode: true },
  { name: 'decode-scalar', simd: false, encode: false },
  { name: 'simd', simd: true, encode: true },
  { name: 'decode-simd', simd: true, encode: false },
].map(({ name, simd, encode }) => {
  const { rustc, cargo, goal } = encode ? SMALL : FAST;
  const features = simd ? ['--features', 'simd128'] : [];
  // Hosts without vectors are few; what they load had better be small.
  if (encode && !simd) {
    for (const name of ['slicer-kernels', 'slicer-dense']) {
      features.push('--config', `profile.wasm.package.${name}.opt-level="s"`);
    }
  }
  return { name, simd, encode, rustc, cargo: [...cargo, ...features], goal, file: join(wasmDir, `${name}.wasm`) };
});

/** Calibration has a module of its own: it is large, and no encoder or decoder needs it. Every host that runs Node has SIMD. */
export const calibration = {
  name: 'calibrate',
  simd: true,
  rustc: ['-Ctarget-feature=+simd128'],
  cargo: [],
  goal: ['-O3'],
  crate: 'slicer-calibrate-wasm',
  file: join(wasmDir, 'calibrate.wasm'),
};

/** What Rust enables by default for wasm32; SIMD128 comes on top. Relaxed SIMD must stay off: its results vary. */
const FEATURES = [
  'bulk-memory',
  'bulk-memory-opt',
  'nontrapping-float-to-int',
  'sign-ext',
  'mutable-globals',
  'reference-types',
  'multivalue',
];

/** The only function a build may ask its host for; sdk/src/codec/wasm.ts provides it. */
const IMPORT = '__wbindgen_init_externref_table';

const CALIBRATION_SOURCES = [
  'crates/slicer-calibrate/Cargo.toml',
  'crates/slicer-calibrate/src',
  'crates/slicer-calibrate-wasm',
  'Cargo.toml',
  'Cargo.lock',
  'rust-toolchain.toml',
  'scripts/lib/wasm.mjs',
];

/** Builds the variants whose sources have changed; resolves with whether there was any. */
export async function buildWasm() {
  const crates = ['slicer-codec', 'slicer-dense', 'slicer-kernels', 'slicer-wasm'].map((name) => `crates/${name}`);
  const sources = crates.flatMap((path) => [`${path}/src`, `${path}/Cargo.toml`]);
  const inputs = files(...sources, 'Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', 'scripts/lib/wasm.mjs');
  const value = hash(inputs);
  const stamps = new Map(variants.map((v) => [v, value]));
  stamps.set(calibration, hash(files(...CALIBRATION_SOURCES)));
  const stale = [...stamps.keys()].filter((v) => !isFresh(`wasm-${v.name}`, stamps.get(v), [v.file]));
  if (stale.length === 0) return false;
  mkdirSync(wasmDir, { recursive: true });
  // One chain per instruction set: they have folders of their own, and the machine usually has two cores.
  await Promise.all(
    [false, true].map(async (simd) => {
      for (const variant of stale.filter((v) => v.simd === simd)) {
        const start = Date.now();
        await buildVariant(variant);
        note(`wasm-${variant.name}`, stamps.get(variant));
        say(`${variant.name}.wasm: ${readFileSync(variant.file).length} B in ${seconds(Date.now() - start)}`);
      }
    }),
  );
  return true;
}

export async function buildVariant({ name, simd, rustc, cargo, goal, file, crate = 'slicer-wasm' }) {
  const out = join(cache, 'pkg', name);
  const module = crate.replaceAll('-', '_');
  const flags = [process.env.RUSTFLAGS, ...rustc].filter(Boolean).join(' ');
  const target = ['--target-dir', join(root, 'target-wasm', name)];
  const pack = ['build', '--target', 'web', '--mode', 'no-install', '--no-pack', '--no-opt', '--profile', 'wasm'];
  await run('wasm-pack', [...pack, '--out-dir', out, `crates/${crate}`, '--', ...target, ...cargo], {
    env: toolEnv({ RUSTFLAGS: flags }),
  });
  const enable = [...FEATURES, ...(simd ? ['simd'] : [])].map((f) => `--enable-${f}`);
  const strip = ['--strip-debug', '--strip-producers', '--strip-target-features'];
  const input = join(out, `${module}_bg.wasm`);
  await run(npmTool('wasm-opt'), [...goal, ...enable, ...strip, input, '-o', `${file}.part`]);
  checkImports(name, readFileSync(`${file}.part`), [`./${module}_bg.js ${IMPORT}`]);
  renameSync(`${file}.part`, file);
}

function checkImports(name, bytes, provided) {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map((i) => `${i.module} ${i.name}`);
  const unknown = imports.filter((i) => !provided.includes(i));
  if (unknown.length > 0) throw new Error(`${name}.wasm imports what the SDK does not provide: ${unknown.join(', ')}`);
}
