/** echarts, an optional peer, as far as pictures are drawn with it. */
import { SlicerError } from '../codec/errors.js';

/** A picture in the making. */
export interface Chart {
  setOption(option: unknown): void;
  renderToSVGString(): string;
  dispose(): void;
}

/** The library. */
export interface Echarts {
  init(element: null, theme: null, options: Record<string, unknown>): Chart;
}

/**
 * Loads echarts.
 *
 * @throws SlicerError `invalid_option` where it is not installed.
 */
export async function loadEcharts(): Promise<Echarts> {
  // By a variable: bundlers of those who draw nothing need not find it.
  const name = 'echarts';
  return import(name).catch((cause) => {
    const advice = 'Run `npm install echarts`, or leave --plot out.';
    throw new SlicerError('invalid_option', '--plot needs echarts, which is not installed.', { advice, cause });
  });
}
