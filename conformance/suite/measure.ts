/** Errors as the specification defines them, computed independently of the codec. */
import type { DType, EncodeReport, Granularity, Layout } from 'slicer-codec';
import { toDoubles } from './tensors.ts';

/** √(Σe²/Σx²); a group without energy must come back exactly. */
function nrmse(error: number, energy: number): number {
  if (error === 0) return 0;
  return energy === 0 ? Number.POSITIVE_INFINITY : Math.sqrt(error / energy);
}

/** What came back against what went in. */
export interface Measured {
  nrmse: number;
  worstGroup: number;
  maxError: number;
}

/** Measures one decoded tensor; rows and channels come from the coding view of the report. */
export function measure(
  type: DType,
  before: ArrayBufferView,
  after: ArrayBufferView,
  view: EncodeReport['layout'],
  granularity: Granularity,
  layout: Exclude<Layout, 'auto'>,
): Measured {
  const [x, y] = [toDoubles(type, before), toDoubles(type, after)];
  const plane = view.height * view.width;
  const groups = granularity === 'tensor' ? 1 : granularity === 'row' ? view.rows : view.channels;
  const errors = new Float64Array(Math.max(groups, 1));
  const energies = new Float64Array(Math.max(groups, 1));
  // Divided by the largest value, so that squares of the largest floats stay finite.
  const unit = x.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
  let maxError = 0;
  for (let i = 0; i < x.length; i++) {
    const group = groupOf(i, granularity, layout, view, plane);
    const e = Math.abs(x[i] - y[i]);
    maxError = Math.max(maxError, e);
    errors[group] += (e / unit) ** 2;
    energies[group] += (x[i] / unit) ** 2;
  }
  const sum = (a: Float64Array) => a.reduce((s, v) => s + v, 0);
  let worstGroup = 0;
  for (let g = 0; g < groups; g++) worstGroup = Math.max(worstGroup, nrmse(errors[g], energies[g]));
  return { nrmse: nrmse(sum(errors), sum(energies)), worstGroup, maxError };
}

function groupOf(
  i: number,
  granularity: Granularity,
  layout: Exclude<Layout, 'auto'>,
  view: EncodeReport['layout'],
  plane: number,
): number {
  if (granularity === 'tensor') return 0;
  if (granularity === 'row') return Math.floor(i / (view.channels * plane));
  return layout === 'nhwc' || layout === 'rows' ? i % view.channels : Math.floor(i / plane) % view.channels;
}
