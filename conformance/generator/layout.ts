/** The coding view (§ 6). */

/** A layout by name, or an order of axes and the sizes of the first three groups. */
export type Layout = 'rows' | 'nchw' | 'nhwc' | { axes: number[]; groups: [number, number, number] };

/** Rows, channels and planes of a tensor, and the axes in scan order. */
export interface View {
  rows: number;
  channels: number;
  height: number;
  width: number;
  axes: number[];
}

/** The number of a layout in the coding head. */
export function layoutCode(layout: Layout): number {
  return typeof layout === 'string' ? ['rows', 'nchw', 'nhwc'].indexOf(layout) : 3;
}

/** Groups of axes: rows, channels, H, W. */
function groups(rank: number, layout: Layout): number[][] {
  const all = Array.from({ length: rank }, (_, i) => i);
  if (layout === 'rows') return [all.slice(0, -1), all.slice(-1), [], []];
  if (layout === 'nchw') return [[0], [1], all.slice(2, -1), all.slice(-1)];
  if (layout === 'nhwc') return [[0], [rank - 1], all.slice(1, -2), [rank - 2]];
  const [a, b, c] = layout.groups;
  return [
    layout.axes.slice(0, a),
    layout.axes.slice(a, a + b),
    layout.axes.slice(a + b, a + b + c),
    layout.axes.slice(a + b + c),
  ];
}

/** The view of a tensor. */
export function viewOf(dims: readonly number[], layout: Layout): View {
  const parts = groups(dims.length, layout);
  const [rows, channels, height, width] = parts.map((axes) => axes.reduce((n, axis) => n * dims[axis], 1));
  return { rows, channels, height, width, axes: parts.flat() };
}

/** Index in memory of every value in scan order. */
export function scanOrder(dims: readonly number[], axes: readonly number[]): Uint32Array {
  const strides = dims.map((_, i) => dims.slice(i + 1).reduce((a, b) => a * b, 1));
  const count = dims.reduce((a, b) => a * b, 1);
  const order = new Uint32Array(count);
  const at = axes.map(() => 0);
  let index = 0;
  for (let i = 0; i < count; i++) {
    order[i] = index;
    for (let a = axes.length - 1; a >= 0; a--) {
      at[a] += 1;
      index += strides[axes[a]];
      if (at[a] < dims[axes[a]]) break;
      index -= at[a] * strides[axes[a]];
      at[a] = 0;
    }
  }
  return order;
}
