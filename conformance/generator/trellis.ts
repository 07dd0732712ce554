/** The machine that says which union a level belongs to (§ 17). */

/** Next state by state, for even and odd levels. */
const EVEN = [0, 2, 4, 6, 5, 7, 1, 3];
const ODD = [2, 0, 6, 4, 7, 5, 3, 1];

/**
 * The union bits of one segment's levels. `start` is the index of its first value in the body, `perRow` how many values a
 * row has; lanes take values in turn.
 */
export function unionsOf(levels: readonly number[], start: number, perRow: number, lanes: number): number[] {
  const machines = Array.from({ length: lanes }, () => ({ state: 0, row: -1 }));
  return levels.map((level, i) => {
    const machine = machines[i % lanes];
    const row = Math.floor((start + i) / perRow);
    if (row !== machine.row) Object.assign(machine, { state: 0, row });
    const union = machine.state < 4 ? 0 : 1;
    machine.state = (level % 2 === 0 ? EVEN : ODD)[machine.state];
    return union;
  });
}
