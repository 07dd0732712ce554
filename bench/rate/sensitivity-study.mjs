// What each parameter of the method does on its own: one is moved, the others stay at a middle setting.
import { basename } from 'node:path';
import { Judge, ourCurve, ours } from './kl-study.mjs';
import { digits, table } from './report.mjs';
import { writeSensitivityPlot } from './sensitivity-plot.mjs';
import { MIDDLE, SWEEPS } from './sweeps.mjs';

/** One dense cut and one behind a ReLU6. */
const CUTS = ['b10', 'b11_dw'];
const IMAGES = 24;

/** Runs the study; resolves with rows and Markdown, and writes the plot. */
export async function sensitivityStudy({ features, store, codec, test, quick, plots, say }) {
  const panels = [];
  const images = quick ? 6 : IMAGES;
  for (const name of CUTS) {
    const judge = await new Judge(name, features, test).open();
    const key = ['sensitivity', codec, name, basename(test), images];
    const measure = (setting) =>
      store.get([...key, JSON.stringify(setting)], async () => {
        const { bytes, kl, agreement } = await judge.measure(ours({ mode: 'slicer', budget: setting }), images);
        return { bits: (8 * bytes) / judge.tensors[0].data.length, bytes, kl, agreement };
      });
    const chosen = await ourCurve({ store, test: judge, say, key, images }, 'slicer', (d) => ({
      mode: 'slicer',
      budget: { distortion: d },
    }));
    const reference = chosen.map((p) => ({ ...p, bits: (8 * p.bytes) / judge.tensors[0].data.length }));
    for (const sweep of SWEEPS) {
      const points = [];
      for (const value of sweep.values) {
        say(`${name}: ${sweep.key} ${value}`);
        points.push({ value, ...(await measure({ ...MIDDLE, [sweep.key]: value })) });
      }
      panels.push({ cut: name, parameter: sweep.symbol, key: sweep.key, points, reference });
    }
  }
  const plot = writeSensitivityPlot(plots, panels, images);
  const rows = panels.flatMap(({ cut, key, points }) => {
    const { show, symbol } = SWEEPS.find((sweep) => sweep.key === key);
    return points.map((p) => [
      cut,
      `${symbol} = ${show(p.value)}`,
      digits(p.bytes, 0),
      digits(p.bits, 3),
      digits(p.kl, 4),
      digits(p.agreement, 2),
    ]);
  });
  const markdown = [
    table(['cut', 'moved', 'bytes', 'bits/value', 'KL', 'agreement'], rows),
    '',
    `Mean over ${images} images; the others stay at s = ${1 - MIDDLE.keep}, M = ${MIDDLE.blocks}, λ = ${MIDDLE.asymmetry}, δ = ${MIDDLE.distortion}. Plot: ${plot}`,
  ].join('\n');
  return { panels, musts: [], markdown, about: [] };
}
