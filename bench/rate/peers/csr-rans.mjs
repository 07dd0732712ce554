// A sibling of the paper, arXiv 2511.11664: asymmetric integers, CSR, rANS.
import { pythonPeer } from './python.mjs';

const LEVELS = [3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 32, 48, 64, 128, 256];

export default pythonPeer({
  name: 'asymmetric + CSR + rANS (2511.11664)',
  module: 'csr_rans',
  class: 'self-contained',
  about: 'as far as the abstract defines it',
  variants: [true, false].map((sparse) => ({
    label: sparse ? 'CSR' : 'no CSR',
    ladder: () => LEVELS.map((levels) => ({ levels, sparse })),
  })),
});
