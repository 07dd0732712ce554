// What others publish of systems that cannot be run here: for orientation, never in a table with figures of ours.
import { table } from './report.mjs';

const FIGURES = [
  [
    'FCTM (MPEG feature coding for machines)',
    '−85.14 % bit rate on average at equal accuracy',
    'detection, segmentation, tracking',
    'arXiv 2512.10209',
  ],
  [
    'lightweight feature compression (Cohen et al.)',
    '0.6–0.8 bit a value, under 1 % loss, no retraining',
    'detection, classification',
    'arXiv 2105.06002, 2105.07102',
  ],
  ['BottleFit', '77.1 % compression, at most 0.6 % loss; trained', 'ImageNet', 'arXiv 2201.02693'],
  ['FrankenSplit', '−60 % bit rate against the best of split computing; trained', 'ImageNet', 'arXiv 2302.10681'],
  ['SC2', 'existing split computing “often underperforms” sending compressed input', '180 models', 'arXiv 2203.08875'],
  ['CacheGen', 'keys and values 3.5–4.3 times smaller', 'four language models', 'arXiv 2310.07240'],
  ['KVTC', 'keys and values 20 times smaller (16–20 within one point)', 'Llama 3.1, Mistral NeMo', 'arXiv 2511.01815'],
  ['KIVI', 'keys and values in 2 bits', 'Llama, Falcon, Mistral', 'arXiv 2402.02750'],
];

/** The table, with what it may be used for. */
export function publishedTable() {
  const lines = table(['system', 'its figure', 'on', 'source'], FIGURES);
  return `### Published only\n\nNot run here: other models, other data, other measures; not comparable with the tables above.\n\n${lines}`;
}
