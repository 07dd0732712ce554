/** Detection: boxes out of a network's answer, and the agreement of the split network's boxes with the unsplit one's. */
import { Mismatch } from './mismatch.js';

/** A box by its corners, with the network's confidence and class. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly score: number;
  readonly kind: number;
}

/** What one image gives to the average precision: its boxes, and which of them match at each overlap asked for. */
export interface Matches {
  /** By kind of object: how many boxes the reference has, and every box of the other with what it matches. */
  readonly kinds: Readonly<Record<number, { readonly wanted: number; readonly found: readonly Found[] }>>;
}

/** A box of the answer: its score, and per overlap of `OVERLAPS` whether it matches a box of the reference. */
export interface Found {
  readonly score: number;
  readonly hits: readonly boolean[];
}

/** Intersections over unions at which a box counts as found: 0.5, 0.55 … 0.95. */
export const OVERLAPS: readonly number[] = Array.from({ length: 10 }, (_, i) => 0.5 + 0.05 * i);

/** Intersection over union of two boxes, 0…1. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const area = (box: Box) => (box.right - box.left) * (box.bottom - box.top);
  return (width * height) / (area(a) + area(b) - width * height);
}

/** Matches the boxes of an image with the reference's, the surest first, each to the free one it overlaps most. */
export function matchBoxes(reference: readonly Box[], boxes: readonly Box[]): Matches {
  const kinds: Record<number, { wanted: number; found: Found[] }> = {};
  for (const kind of new Set([...reference, ...boxes].map((box) => box.kind))) {
    const wanted = reference.filter((box) => box.kind === kind);
    const sorted = boxes.filter((box) => box.kind === kind).sort((a, b) => b.score - a.score);
    const hits = OVERLAPS.map((least) => {
      const free = new Set(wanted);
      return sorted.map((box) => {
        const best = [...free].reduce<Box | undefined>(
          (a, b) => (a === undefined || overlap(box, b) > overlap(box, a) ? b : a),
          undefined,
        );
        return best !== undefined && overlap(box, best) >= least && free.delete(best);
      });
    });
    const found = sorted.map((box, i) => ({ score: box.score, hits: hits.map((list) => list[i]) }));
    kinds[kind] = { wanted: wanted.length, found };
  }
  return { kinds };
}

/**
 * Mean average precision over images: the area under precision against recall, precision made falling, over kinds of objects and
 * overlaps (all of `OVERLAPS`, or the first alone). Kinds the reference never has count as 0 where boxes of them were found.
 */
export function averagePrecision(images: readonly Matches[], onlyFirst = false): number {
  const names = new Set(images.flatMap(({ kinds }) => Object.keys(kinds)));
  const values: number[] = [];
  for (const name of names) {
    const own = images.map(({ kinds }) => kinds[Number(name)]).filter((kind) => kind !== undefined);
    const wanted = own.reduce((sum, kind) => sum + kind.wanted, 0);
    const found = own.flatMap((kind) => kind.found).sort((a, b) => b.score - a.score);
    for (let o = 0; o < (onlyFirst ? 1 : OVERLAPS.length); o++) {
      values.push(
        areaUnder(
          found.map(({ hits }) => hits[o]),
          wanted,
        ),
      );
    }
  }
  // Nothing wanted and nothing found anywhere: full agreement.
  return values.length === 0 ? 1 : values.reduce((a, b) => a + b, 0) / values.length;
}

function areaUnder(hits: readonly boolean[], wanted: number): number {
  if (wanted === 0) return 0;
  const precisions: number[] = [];
  let right = 0;
  for (const [i, hit] of hits.entries()) {
    if (!hit) continue;
    right++;
    precisions.push(right / (i + 1));
  }
  // Each hit adds 1 / wanted of recall at the best precision from there on.
  let [area, best] = [0, 0];
  for (const precision of precisions.reverse()) {
    best = Math.max(best, precision);
    area += best;
  }
  return area / wanted;
}

/** How a probability map becomes boxes. */
export interface MapOptions {
  /** Pixels above this belong to an object; 0.3 unless given. */
  readonly threshold?: number;
  /** A box is kept from this mean probability; 0.6 unless given. */
  readonly score?: number;
  /** And from this many pixels; 16 unless given. */
  readonly pixels?: number;
}

/** Boxes around the connected areas (four neighbours) of a probability map, as text detectors of the DB family give one. */
export function boxesOfMap(map: ArrayLike<number>, width: number, height: number, options: MapOptions = {}): Box[] {
  const { threshold = 0.3, score: least = 0.6, pixels = 16 } = options;
  if (map.length !== width * height) throw new Mismatch(`${map.length} values are no map of ${width} × ${height}`);
  const seen = new Uint8Array(map.length);
  const boxes: Box[] = [];
  for (let start = 0; start < map.length; start++) {
    if (seen[start] || !(map[start] > threshold)) continue;
    const stack = [start];
    seen[start] = 1;
    let [left, right, top, bottom, sum, count] = [width, 0, height, 0, 0, 0];
    const visit = (at: number) => {
      if (seen[at] || !(map[at] > threshold)) return;
      seen[at] = 1;
      stack.push(at);
    };
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)];
      [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
      sum += map[at];
      count++;
      if (x > 0) visit(at - 1);
      if (x < width - 1) visit(at + 1);
      if (y > 0) visit(at - width);
      if (y < height - 1) visit(at + width);
    }
    const score = sum / count;
    if (score >= least && count >= pixels) boxes.push({ left, top, right, bottom, score, kind: 0 });
  }
  return boxes;
}

/** Boxes of rows of left, top, right, bottom, score and (of six) kind; those below `least` fall away. */
export function boxesOfRows(rows: ArrayLike<number>, columns: number, least = 0.25): Box[] {
  if (columns < 5 || rows.length % columns !== 0) {
    throw new Mismatch(`${rows.length} values are no rows of ${columns}; a box takes 5 or 6`);
  }
  const boxes: Box[] = [];
  for (let at = 0; at < rows.length; at += columns) {
    const [left, top, right, bottom, score] = [rows[at], rows[at + 1], rows[at + 2], rows[at + 3], rows[at + 4]];
    if (score >= least) boxes.push({ left, top, right, bottom, score, kind: columns > 5 ? rows[at + 5] : 0 });
  }
  return boxes;
}
