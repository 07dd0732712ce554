// Peak of the heap against the limit: three times the tensor and one MiB, the caller's tensor included; seven times with a trellis.
import { digits, must, table } from '../rate/report.mjs';

const factorOf = (setting) => (setting.endsWith('dense') ? 7 : 3);
const MIB = 2 ** 20;

/** The largest of all tensors, by setting. */
export function memoryStudy(rows) {
  const settings = [...new Set(rows.map((row) => row.setting))];
  const worst = (setting, way) =>
    rows.filter((row) => row.setting === setting).reduce((a, b) => (share(b, way) > share(a, way) ? b : a));
  const musts = settings.flatMap((setting) =>
    ['encode', 'decode'].map((way) =>
      must(
        `peak of ${way} / (${factorOf(setting)} x tensor + 1 MiB): ${setting}`,
        share(worst(setting, way), way),
        '<= 1',
      ),
    ),
  );
  const cell = (setting, way) => {
    const row = worst(setting, way);
    return `${digits(row[way] / row.tensor, 2)} x (${digits(share(row, way), 2)})`;
  };
  const markdown = table(
    ['setting', 'encode: peak / tensor (/ limit)', 'decode: peak / tensor (/ limit)'],
    settings.map((setting) => [setting, cell(setting, 'encode'), cell(setting, 'decode')]),
  );
  return { musts, markdown };
}

/** A tensor of 2^22 values in segments: what is taken beyond the tensor and the frame. Encoding has to hold a token of every value. */
export function segmentStudy(rows) {
  const beyond = (row, way) => (row[way] - row.tensor - row.frame) / MIB;
  const musts = rows.map((row) =>
    must(`MiB beyond input and output, decoding segments: ${row.setting.split(':')[0]}`, beyond(row, 'decode'), '<= 1'),
  );
  const cells = rows.map((row) => [row.setting, digits(beyond(row, 'encode'), 2), digits(beyond(row, 'decode'), 2)]);
  const head = ['2^22 values', 'encode: MiB beyond tensor and frame', 'decode'];
  return { musts, markdown: table(head, cells) };
}

const share = (row, way) => row[way] / (factorOf(row.setting) * row.tensor + MIB);
