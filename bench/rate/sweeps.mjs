// The settings of the sensitivity study.
import { digits } from './report.mjs';

/** The middle setting, and the values each parameter takes. */
export const MIDDLE = { keep: 0.5, asymmetry: 1, blocks: 4, distortion: 0.3 };
export const SWEEPS = [
  {
    key: 'keep',
    symbol: 's',
    label: 's = 1 − keep',
    show: (v) => `${digits(1 - v, 2)}`,
    values: [1, 0.8, 0.65, 0.5, 0.4, 0.3, 0.2, 0.12],
  },
  { key: 'blocks', symbol: 'M', label: 'M (blocks)', show: String, values: [1, 2, 3, 4, 6, 8, 12, 16, 32] },
  { key: 'asymmetry', symbol: 'λ', label: 'λ (asymmetry)', show: String, values: [0.25, 0.5, 0.75, 1, 1.33, 2, 4] },
  {
    key: 'distortion',
    symbol: 'δ',
    label: 'δ (distortion)',
    show: String,
    values: [0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.7],
  },
];
