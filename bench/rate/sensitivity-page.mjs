// The page about the method's parameters, with the figures of the run that wrote it.
import { digits, table } from './report.mjs';

const COMMAND = 'npm run bench:rate -- --data DIR --images 100 --only sensitivity --plots docs';

/** The lowest and highest of a measure over a sweep. */
function range(sweep, key, count) {
  const values = sweep.points.map((point) => point[key]);
  return `${digits(Math.min(...values), count)}–${digits(Math.max(...values), count)}`;
}

/** Heads of the columns that `figuresOf` fills. */
export const FIGURES = ['bytes', 'NRMSE', 'KL', 'same top class, %', 'values kept', 'bins'];

/** Cells of a point behind its label. */
export const figuresOf = (p) => [
  digits(p.bytes, 0),
  digits(p.nrmse, 3),
  digits(p.kl, 4),
  digits(100 * p.agreement, 0),
  digits(p.kept, 2),
  digits(p.bins, 1),
];

/** The page as Markdown. */
export function sensitivityPage({ cut, images, dims, centre, chosen, sweeps, searched }) {
  const row = (first, p) => [first, ...figuresOf(p)];
  const head = ['', ...FIGURES];
  const block = ({ name, symbol, points, centre: middle }) => {
    const rows = points.map((p) => row(p.value === middle ? `**${p.value}**` : `${p.value}`, p));
    return `### \`${name}\` (${symbol})\n\n${table(head, rows)}\n`;
  };
  const ranges = table(
    ['parameter', 'from – to', 'bytes', 'NRMSE', 'KL'],
    sweeps.map((s) => [
      `\`${s.name}\` (${s.symbol})`,
      `${s.points[0].value} – ${s.points.at(-1).value}`,
      range(s, 'bytes', 0),
      range(s, 'nrmse', 3),
      range(s, 'kl', 4),
    ]),
  );
  const blocks = sweeps.find((sweep) => sweep.name === 'blocks').points;
  const middle = blocks.find((point) => point.value === centre.blocks) ?? blocks[0];
  const cheapest = blocks.reduce((best, point) => (point.bytes < best.bytes ? point : best));
  return `# Sensitivity of mode \`slicer\`

Mode \`slicer\` is the method of the paper (arXiv 2511.11608) as this project reads it. It has four parameters: \`keep\` (the paper's 1 − s),
\`blocks\` (M), \`asymmetry\` (λ) and \`distortion\` (δ). This page shows what each does to bytes, to the error and to the network's answers.
It is written, with its plot, by

    ${COMMAND}

![Bytes, NRMSE and KL against each parameter](sensitivity.svg)

EfficientNet-Lite0 cut at ${cut}, [${dims.join(', ')}] in fp32 (${(4 * dims.reduce((a, b) => a * b, 1)).toLocaleString('en')} bytes), means over ${images} of the test images, one frame an image with everything counted,
effort \`default\`. Bins: zero, and for each sign at least one a block. KL = D(whole ‖ split) in nats over the softmax; NRMSE = √(Σe²/Σx²). These are figures of one cut of one network:
other tensors have other curves.

## Defaults

| given in the budget | keep | blocks | asymmetry | the error bound |
| --- | --- | --- | --- | --- |
| only \`distortion\` | by cost | by cost, of 1, 2, 3, 4, 6, 8, 12, 16, 24, 32 | by cost, of 0.75, 1, 1.25 | NRMSE of the whole tensor, verified: a guarantee |
| any of the other three too | as given, else 1 | as given, else 8 | as given, else 1 | the error of each block of survivors; filtered values are not bounded |

*Give only \`distortion\`* unless you want to study the method. The encoder then takes, for every number of blocks, the smallest \`keep\` whose
error is allowed, and of those settings the one with the fewest estimated bits. With \`distortion\` ${centre.distortion} that came to
${digits(100 * chosen.kept, 0)} % of the values, in ${digits(chosen.bins, 1)} bins on average: ${digits(chosen.bytes, 0)} bytes at NRMSE ${digits(chosen.nrmse, 3)} and KL ${digits(chosen.kl, 4)}.

## One at a time

Each sweep moves one parameter; the others stay at keep ${centre.keep}, blocks ${centre.blocks}, asymmetry ${centre.asymmetry}, distortion ${centre.distortion} (bold in the tables below, large dots in
the plot). That centre keeps about as much as the encoder's own choice does, and has the defaults of a call that fixes \`keep\`: ${digits(middle.bytes, 0)} bytes at
NRMSE ${digits(middle.nrmse, 3)} and KL ${digits(middle.kl, 4)}. The sweep of \`blocks\` is cheapest at ${cheapest.value}, with ${digits(cheapest.bytes, 0)} bytes at KL ${digits(cheapest.kl, 4)}.

${ranges}

- \`keep\` is the filter: what it drops is an error that \`distortion\` does not see. NRMSE falls as it rises, until only the blocks' own error is left.
- \`blocks\` buys finer quantisation, not sparsity: the blocks are cut at magnitude quantiles, so many blocks are a quantiser of their own, and the
  bytes go into saying which block a value is in.
- \`asymmetry\` away from 1 drops large values of one sign to keep small ones of the other. The filter's squared error is smallest at 1;
  whether the answers agree depends on what reads the tensor.
- \`distortion\` sets the bits of a block. The filter's error is a floor below which it cannot take the tensor.

${sweeps.map(block).join('\n')}
## Only \`distortion\` given

${table(
  head,
  searched.map((p) => row(p.value === centre.distortion ? `**${p.value}**` : `${p.value}`, p)),
)}
`;
}
