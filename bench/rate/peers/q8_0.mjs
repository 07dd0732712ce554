// q8_0 as llama.cpp sends and stores it: blocks of 32 values, an f16 scale and 32 signed bytes.
import { blockIntegers } from './block-int.mjs';

export default {
  name: 'q8_0',
  class: 'self-contained',
  about: 'blocks of 32, f16 scale, 8-bit integers; own implementation',
  variants: [{ label: '', all: true, ladder: () => [{ bits: 8 }] }],
  ...blockIntegers,
};
