// `npm run miri [-- NAME …]`: the portable path of the codec under miri, which looks for undefined behaviour: small tensors of
// every tier, small vectors and damaged bytes, because it runs a program some ten thousand times slower.
import { join } from 'node:path';
import { root } from './lib/paths.mjs';
import { main, run } from './lib/run.mjs';

// Without `std` no SIMD twin is chosen, and none is there.
const BUILD = ['-p', 'slicer-codec', '--no-default-features', '--features', 'encode', '--test', 'small'];
// The vectors are files, which miri keeps from a program unless told.
const FLAGS = ['-Zmiri-disable-isolation', '-Zmiri-strict-provenance'];

await main(async () => {
  const { code } = await run('cargo', ['+nightly', 'miri', '--version'], { allowFailure: true });
  if (code !== 0) {
    console.error('miri is not installed: rustup component add miri rust-src --toolchain nightly');
    process.exitCode = 1;
    return;
  }
  const env = { ...process.env, MIRIFLAGS: [...FLAGS, process.env.MIRIFLAGS].filter(Boolean).join(' ') };
  const target = ['--target-dir', join(root, 'target', 'miri')];
  const names = process.argv.slice(2);
  await run('cargo', ['+nightly', 'miri', 'test', ...target, ...BUILD, '--', ...names], { env, show: true });
});
