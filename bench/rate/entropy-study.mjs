// Our frames against the entropy of their own levels and against zstd: one frame is one image, everything counted.
import { decode, encode } from 'slicer-codec';
import { entropyBits, levelsOf } from './levels.mjs';
import * as zstd from './peers/zstd.mjs';
import { digits, mean, must, table } from './report.mjs';

const BUDGETS = [0.1, 0.0316];

/** Sums over the images of one cut at one error budget. */
function measure(tensors, nrmse, say) {
  const sums = { images: tensors.length, values: tensors[0].data.length, ours: 0, entropy: 0, zstd: 0, table: 0 };
  const modes = {};
  const each = [];
  for (const [i, tensor] of tensors.entries()) {
    say(i);
    const { bytes, report } = encode(tensor, { budget: { nrmse } });
    if (report.mode !== 'uniform') throw new Error(`mode ${report.mode} has no plain levels to compare with`);
    const levels = levelsOf(decode(bytes).data, report.step);
    const one = { ours: bytes.length, entropy: entropyBits(levels) / 8, zstd: zstd.bytes(levels) };
    for (const key of Object.keys(one)) sums[key] += one[key];
    for (const [name, size] of Object.entries(report.sections)) modes[name] = (modes[name] ?? 0) + size;
    each.push(one.ours);
  }
  for (const name of Object.keys(modes)) modes[name] /= tensors.length;
  return { ...sums, sections: modes, each };
}

/** Runs the study; resolves with rows, musts and Markdown. */
export async function entropyStudy({ cuts, tensorsOf, store, codec, data, say }) {
  const rows = [];
  for (const cut of cuts) {
    for (const nrmse of BUDGETS) {
      const row = await store.get(['entropy', codec, data, cut.name, nrmse], () =>
        measure(tensorsOf(cut.name), nrmse, (i) => say(`${cut.name} at ${nrmse}: ${i + 1}`)),
      );
      rows.push({ cut: cut.name, nrmse, ...row });
    }
  }
  const musts = rows.flatMap((row) => {
    const { entropy, zstd: limit } = cuts.find((cut) => cut.name === row.cut);
    const at = `${row.cut} at NRMSE ${row.nrmse}`;
    return [
      ...(entropy ? [must(`bytes / 0-order entropy, ${at}`, row.ours / row.entropy, `<= ${entropy}`)] : []),
      ...(limit ? [must(`bytes / zstd-1 of the same levels, ${at}`, row.ours / row.zstd, `<= ${limit}`)] : []),
    ];
  });
  const per = (row, key) => digits(row[key] / row.images, 1);
  const side = (row) => mean(row.each) - row.sections.payload;
  const markdown = table(
    [
      'cut',
      'NRMSE',
      'bytes',
      'bits/value',
      'not payload',
      'entropy',
      'zstd-1',
      'bytes/entropy',
      'bytes/zstd-1',
      'fp32/bytes',
    ],
    rows.map((row) => [
      row.cut,
      row.nrmse,
      per(row, 'ours'),
      digits((8 * row.ours) / (row.values * row.images), 3),
      digits(side(row), 1),
      per(row, 'entropy'),
      per(row, 'zstd'),
      digits(row.ours / row.entropy, 3),
      digits(row.ours / row.zstd, 3),
      digits((4 * row.values * row.images) / row.ours, 1),
    ]),
  );
  return { rows, musts, markdown, about: [zstd.about] };
}
