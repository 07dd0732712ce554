/** `slicer diff A.npy B.npy`: how far B is from A. */
import type { DType, Granularity, Layout } from '../codec/types.js';
import { readNpy } from '../npy/index.js';
import { compare } from './compare.js';
import { readInput } from './files.js';
import { type CommonOptions, columns, count, Reporter, short } from './report.js';

/** Flags of `diff`. */
export interface DiffFlags extends CommonOptions {
  granularity: Granularity;
  layout: Layout;
  dtype?: DType;
}

export async function diffCommand(a: string, b: string, flags: DiffFlags): Promise<void> {
  const reporter = new Reporter(flags);
  reporter.stage(`reading ${a}`);
  const first = await readInput(a);
  reporter.stage(`reading ${b}`);
  const second = await readInput(b);
  reporter.size(first.length + second.length);
  const options = { dtype: flags.dtype };
  const x = readNpy(first, options);
  const y = readNpy(second, options);
  reporter.stage('comparing');
  const c = compare(x, y, flags, (done) => reporter.progress('comparing', done, x.size));
  const { granularity, layout } = flags;
  const where = granularity === 'tensor' ? '' : `, number ${count(c.worstGroup.index)} of ${count(c.groups)}`;
  const { index, a: was, b: is } = c.maxErrorAt;
  reporter.result({ command: 'diff', a, b, type: x.type, dims: x.dims, granularity, layout, ...c }, [
    ...columns([
      ['values', `${count(c.values)}${c.identical ? ', all identical' : ''}`],
      ['NRMSE', short(c.nrmse)],
      [`worst ${granularity}`, `${short(c.worstGroup.nrmse)}${where}`],
      [
        'max error',
        `${short(c.maxError)}${c.maxError > 0 ? ` at ${count(index)} (${short(was)} became ${short(is)})` : ''}`,
      ],
      ['energy ratio', short(c.energyRatio)],
      ...(c.nonFinite > 0 ? [['not finite', `${count(c.nonFinite)} places`]] : []),
    ]),
  ]);
}
