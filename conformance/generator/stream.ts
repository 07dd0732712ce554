/** Setups, bodies and frames (§ 3, § 4, § 5), writing. */
import { ChannelState, followRows } from './adaptive.ts';
import { binBytes, type Coded, codeLevel, expand, zeroToken } from './bins.ts';
import { classList, type Fault, varint, Writer } from './bytes.ts';
import { checksum } from './crc32c.ts';
import { denseSegment } from './dense.ts';
import { TYPES } from './elements.ts';
import { layoutCode, type View } from './layout.ts';
import { type Body, codedView, FEATURE, isCoded, type PerPlane, type Setup, segmentRanges } from './model.ts';
import { writeSegment } from './rans.ts';
import { type Reconstruction, tensorOf } from './reconstruct.ts';
import { countOf, frequencies, tableBytes } from './tables.ts';
import { unionsOf } from './trellis.ts';

type Faults = Readonly<Record<string, Fault>>;

/** The feature bits that a setup needs. */
export function featuresOf(s: Setup): number {
  return (
    (isCoded(s) ? FEATURE.CODED : 0) |
    (s.scales ? FEATURE.SCALES : 0) |
    (s.classes ? FEATURE.CLASSES : 0) |
    (s.thresholds ? FEATURE.CONTEXTS : 0) |
    (s.segmentSize === undefined ? 0 : FEATURE.SEGMENTS) |
    (s.variableRows ? FEATURE.ROWS : 0) |
    (s.metadata ? FEATURE.METADATA : 0) |
    (s.profile ? FEATURE.PROFILE : 0) |
    (s.bodyChecksum ? FEATURE.BODY_CHECKSUM : 0) |
    (s.channelTransform ? FEATURE.CHANNEL_TRANSFORM : 0) |
    (s.dct ? FEATURE.DCT : 0) |
    (s.trellis ? FEATURE.TRELLIS : 0) |
    (s.dense ? FEATURE.DENSE : 0) |
    (s.adaptive ? FEATURE.ADAPTIVE : 0)
  );
}

function writeVersion(w: Writer): void {
  w.field('version', () => w.u8(0));
  w.field('draft', () => w.u8(2));
}

function writeSetup(w: Writer, s: Setup): void {
  w.field('features', () => w.varint(featuresOf(s)));
  w.field('type', () => w.u8(TYPES.indexOf(s.type) | (s.dims.length << 3)));
  w.field('dims', () => w.raw(s.dims.flatMap(varint)));
  const domain = ['real', 'integer', 'float-bits'].indexOf(s.domain);
  const lanes = [1, 2, 4, 8, 32].indexOf(s.lanes);
  w.field('head', () => w.u8(layoutCode(s.layout) | (isCoded(s) ? (domain << 2) | (lanes << 4) : 0)));
  const { layout } = s;
  if (typeof layout !== 'string') w.field('axes', () => w.raw([...layout.axes, ...layout.groups]));
  if (s.profile) {
    w.field('profile', () => w.raw(s.profile!.file.id));
    w.field('profileUses', () => w.u8((s.profile!.mean ? 1 : 0) | (s.profile!.classes ? 2 : 0)));
  }
  if (isCoded(s) && s.domain === 'real') w.field('step', () => w.f32(s.step ?? 0));
  if (s.dct) w.field('dct', () => w.u8(s.dct === 'weighted' ? 1 : 0));
  if (s.scales) w.field('scales', () => w.raw(perPlane(s.scales)));
  if (s.bins) w.field('bins', () => w.raw(binBytes(s.bins!)));
  if (s.tables) w.field('tables', () => w.raw(tableBytes(s.tables!)));
  if (s.classes) w.field('classes', () => w.raw(perPlane(s.classes)));
  if (s.thresholds) w.field('contexts', () => w.raw([s.thresholds!.length, ...s.thresholds!]));
  if (s.segmentSize !== undefined) w.field('segmentSize', () => w.varint(s.segmentSize!));
  if (s.metadata) {
    w.field('metadata', () => {
      w.varint(s.metadata!.length);
      for (const { type, data } of s.metadata!) {
        w.varint(type);
        w.varint(data.length);
        w.raw(data);
      }
    });
  }
}

function perPlane(p: PerPlane = {}): number[] {
  return [(p.rows ? 1 : 0) | (p.channels ? 2 : 0), ...(p.channels ? classList(p.channels, p.style) : [])];
}

/** Dims of one body. */
export function dimsOf(s: Setup, b: Body): number[] {
  return s.variableRows ? [b.rows ?? s.dims[0], ...s.dims.slice(1)] : s.dims;
}

function writeBody(w: Writer, s: Setup, b: Body, bare: boolean): void {
  const segments = b.raw ? [] : segmentsOf(w.faults, s, b);
  w.field('bodyHeader', () => w.u8((b.raw ? 1 : 0) | (b.stepIndex === undefined ? 0 : 2) | (b.reset ? 4 : 0)));
  if (s.variableRows) w.field('rowCount', () => w.varint(b.rows ?? s.dims[0]));
  if (b.stepIndex !== undefined) w.field('stepIndex', () => w.u8(b.stepIndex!));
  if (b.raw) {
    w.field('payload', () => w.raw(b.raw!));
    return;
  }
  if (s.scales?.rows) w.field('rowScales', () => w.raw(classList(b.rowScales ?? [], b.listStyle)));
  if (s.classes?.rows) w.field('rowClasses', () => w.raw(classList(b.rowClasses ?? [], b.listStyle)));
  w.field('segmentTable', () => {
    for (const part of bare ? segments.slice(0, -1) : segments) w.varint(part.bytes.length);
  });
  w.field('payload', () => {
    for (const part of segments) {
      for (const m of part.marks) w.marks.push({ ...m, start: m.start + w.bytes.length, end: m.end + w.bytes.length });
      for (const name of part.used) w.used.add(name);
      w.raw(part.bytes);
    }
  });
}

/** The tokens of a body. */
export function tokensOf(s: Setup, b: Body) {
  const bins = expand(s.bins!);
  const known = new Map<number, Coded>();
  const code = (level: number) => {
    const coded = known.get(level) ?? codeLevel(bins, level);
    known.set(level, coded);
    return coded;
  };
  return { bins, coded: (b.levels ?? []).map(code) };
}

/** The class integers of the channels, row by row (§ 9.1, § 19.1). */
export function channelClasses(s: Setup, b: Body, view: View) {
  if (!s.adaptive) {
    const of = s.profile?.file.profile;
    const given = s.profile?.classes ? (s.channelTransform ? of!.transform!.classes : of!.classes) : undefined;
    const channels = given ?? s.classes?.channels ?? [];
    return { of: (_row: number, channel: number) => channels[channel] ?? 0, after: undefined };
  }
  const start = b.state && !b.reset ? b.state : new ChannelState(view.channels);
  if (b.raw) return { of: () => 0, after: start };
  const { rows, after } = followRows(start, b.levels ?? [], view.channels);
  return { of: (row: number, channel: number) => rows[row][channel], after };
}

/** The stream's state behind a body. */
export function stateAfter(s: Setup, b: Body): ChannelState | undefined {
  return channelClasses(s, b, codedView(s, dimsOf(s, b))).after;
}

/** Union bits of all values, segment by segment (§ 17). */
function unions(s: Setup, b: Body, view: View): number[] {
  const levels = b.levels ?? [];
  if (!s.trellis) return levels.map(() => 0);
  const size = view.height * view.width;
  return segmentRanges(s, view).flatMap(([first, end]) =>
    unionsOf(levels.slice(first * size, end * size), first * size, view.channels * size, s.lanes),
  );
}

/** Table of every value (§ 9). */
function tableChoice(s: Setup, b: Body, view: View, tokens: readonly number[], zero: number): number[] {
  const size = view.height * view.width;
  const thresholds = s.thresholds ?? [];
  const each = s.trellis ? 2 : thresholds.length + 1;
  const classes = Math.floor(countOf(s.tables!) / each);
  const rank = (i: number) => Math.min(63, Math.abs(tokens[i] - zero));
  const channels = channelClasses(s, b, view);
  const union = unions(s, b, view);
  return tokens.map((_, i) => {
    const plane = Math.floor(i / size);
    const at = i % size;
    const row = Math.floor(plane / view.channels);
    const byRow = b.rowClasses?.[row] ?? 0;
    const k = Math.max(0, Math.min(classes - 1, byRow + channels.of(row, plane % view.channels)));
    const left = at % view.width > 0 ? rank(i - 1) : 0;
    const up = at >= view.width ? rank(i - view.width) : 0;
    return k * each + union[i] + thresholds.filter((t) => t <= left + up).length;
  });
}

function segmentsOf(faults: Faults, s: Setup, b: Body): Writer[] {
  const view = codedView(s, dimsOf(s, b));
  const planes = view.rows * view.channels;
  const size = view.height * view.width;
  const levels = b.levels ?? [];
  if (levels.length !== planes * size) throw new Error(`${levels.length} levels for ${planes} planes of ${size}`);
  const write = s.dense ? denseWriter(s, b, view) : ransWriter(s, b, view);
  return segmentRanges(s, view).map((range, i) => {
    const w = new Writer(faults);
    w.field(`segment${i}`, () => write(w, `segment${i}`, range));
    return w;
  });
}

type SegmentWriter = (w: Writer, name: string, planes: readonly [number, number]) => void;

function denseWriter(s: Setup, b: Body, view: View): SegmentWriter {
  const size = view.height * view.width;
  const union = unions(s, b, view);
  return (w, _, [first, end]) => {
    const levels = b.levels!.slice(first * size, end * size);
    const part = { levels, unions: union.slice(first * size, end * size), firstPlane: first, ending: b.ending };
    w.raw(denseSegment({ ...view, ...part }));
  };
}

function ransWriter(s: Setup, b: Body, view: View): SegmentWriter {
  const size = view.height * view.width;
  const { bins, coded } = tokensOf(s, b);
  const tokens = coded.map((c) => c.token);
  const tables = tableChoice(s, b, view, tokens, zeroToken(bins));
  const table = frequencies(s.tables!, bins, s.trellis);
  return (w, name, [first, end]) => {
    const range: [number, number] = [first * size, end * size];
    writeSegment(w, name, {
      bins,
      frequencies: table,
      precision: s.tables!.precision,
      lanes: s.lanes,
      unusual: b.unusual,
      tokens: tokens.slice(...range),
      offsets: coded.slice(...range).map((c) => c.offset),
      tables: tables.slice(...range),
      planeSize: s.thresholds ? size : undefined,
    });
  };
}

/** A standalone frame. */
export function standalone(s: Setup, b: Body, faults: Faults = {}): Writer {
  const w = new Writer(faults);
  w.field('magic', () => w.raw([0x53, 0x4c, 0x43, 0x46]));
  writeVersion(w);
  writeSetup(w, s);
  writeBody(w, s, b, false);
  w.field('checksum', () => w.raw(checksum(w.bytes)));
  w.field('end', () => {});
  return w;
}

/** A setup as containers and sessions carry it. */
export function bareSetup(s: Setup, faults: Faults = {}): Writer {
  const w = new Writer(faults);
  writeVersion(w);
  writeSetup(w, s);
  w.field('end', () => {});
  return w;
}

/** A bare body. */
export function bareBody(s: Setup, b: Body, faults: Faults = {}): Writer {
  const w = new Writer(faults);
  writeBody(w, s, b, true);
  w.field('end', () => {});
  if (s.bodyChecksum) w.field('checksum', () => w.raw(checksum(w.bytes)));
  return w;
}

/** The tensor that a body stands for. */
export function expected(s: Setup, b: Body): { dims: number[] } & Reconstruction {
  const dims = dimsOf(s, b);
  if (b.raw) return { dims, bytes: b.raw };
  const union = unions(s, b, codedView(s, dims));
  if (s.dense) return { dims, ...tensorOf(s, b, dims, (i) => ({ stride: 1, delta: 0, union: union[i] })) };
  const { bins, coded } = tokensOf(s, b);
  return { dims, ...tensorOf(s, b, dims, (i) => ({ ...bins[coded[i].token], union: union[i] })) };
}
