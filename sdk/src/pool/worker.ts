/** `slicer-codec/worker` in a page: what a worker of a pool runs. It listens as soon as it is imported. */
import { createCodec } from '../codec/api.js';
import { scalar, simd } from '../generated/full.js';
import { servePage } from './scope.js';

servePage(createCodec({ scalar, simd }));
