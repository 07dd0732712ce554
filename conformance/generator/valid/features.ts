/** Tensors of real networks: contexts, classes and the dense coder where features have the structure that these were made for. */
import type { Collection } from '../collection.ts';
import { type Setup, setupOf } from '../model.ts';
import { family, SMALL, UNITS } from '../samples.ts';
import { BLOCK, type Features, HEAD, TEXT } from './features-levels.ts';

/** Each through several coders. */
export function featureVectors(out: Collection): void {
  const add = (id: string, about: string, sections: string, { dims, step, levels }: Features, some: Partial<Setup>) => {
    const s = setupOf({ type: 'float32', dims, layout: 'nchw', step, bins: SMALL, tables: family(1), ...some });
    const made = s.dense ? { ...s, bins: undefined, tables: undefined } : s;
    out.good(id, about, sections, made, { levels });
  };
  /** A class per channel, by how large its values are. */
  const classesOf = ({ dims, levels }: Features, most: number) => {
    const [, channels, height, width] = dims;
    return Array.from({ length: channels }, (_, c) => {
      const plane = levels.slice(c * height * width, (c + 1) * height * width);
      const sum = plane.reduce((a, level) => a + Math.abs(level), 0);
      return Math.min(most, Math.floor((4 * sum) / plane.length));
    });
  };
  const block = 'a bottleneck of EfficientNet-Lite0';
  add('features-block', `${block}, classes per channel, 8 lanes`, '9.1 12.4', BLOCK, {
    lanes: 8,
    classes: { channels: classesOf(BLOCK, 23) },
    tables: family(24, 2, 2, 1),
  });
  add('features-block-dense', `${block}, dense coder`, '18.3 18.4', BLOCK, { dense: true });
  add('features-block-trellis', `${block}, its levels in a trellis`, '17', BLOCK, {
    trellis: true,
    tables: family(2, 1, 14),
    lanes: 4,
  });
  add('features-head', 'the head of EfficientNet-Lite0 behind its ReLU6, contexts, 32 lanes', '9.2 12.4', HEAD, {
    lanes: 32,
    thresholds: [1, 2, 4],
    bins: UNITS,
    tables: family(4, 0, 1, 3),
  });
  add('features-head-dense', 'the head of EfficientNet-Lite0 behind its ReLU6, dense coder', '18.3 18.4', HEAD, {
    dense: true,
  });
  add('features-text', 'a line of text in PP-OCRv4, contexts, segments of 96 planes', '5.2 9.2', TEXT, {
    lanes: 2,
    thresholds: [1, 3],
    tables: family(3, 0, 2, 5),
    segmentSize: 96,
  });
  add('features-text-dense', 'a line of text in PP-OCRv4, dense coder', '18.3 18.4', TEXT, { dense: true });
}
