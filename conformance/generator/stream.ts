/** Setups, bodies and frames (§ 3, § 4, § 5), writing. */
import { binBytes, type Coded, codeLevel, expand, zeroToken } from './bins.ts';
import { classList, type Fault, varint, Writer } from './bytes.ts';
import { checksum } from './crc32c.ts';
import { TYPES } from './elements.ts';
import { layoutCode, viewOf } from './layout.ts';
import { type Body, FEATURE, type PerPlane, type Setup } from './model.ts';
import { writeSegment } from './rans.ts';
import { tensorOf } from './reconstruct.ts';
import { countOf, frequencies, tableBytes } from './tables.ts';

type Faults = Readonly<Record<string, Fault>>;

/** The feature bits that a setup needs. */
export function featuresOf(s: Setup): number {
  return (
    (s.bins ? FEATURE.CODED : 0) |
    (s.scales ? FEATURE.SCALES : 0) |
    (s.classes ? FEATURE.CLASSES : 0) |
    (s.thresholds ? FEATURE.CONTEXTS : 0) |
    (s.segmentSize === undefined ? 0 : FEATURE.SEGMENTS) |
    (s.variableRows ? FEATURE.ROWS : 0) |
    (s.metadata ? FEATURE.METADATA : 0) |
    (s.profile ? FEATURE.PROFILE : 0) |
    (s.bodyChecksum ? FEATURE.BODY_CHECKSUM : 0)
  );
}

function writeVersion(w: Writer): void {
  w.field('version', () => w.u8(0));
  w.field('draft', () => w.u8(1));
}

function writeSetup(w: Writer, s: Setup): void {
  w.field('features', () => w.varint(featuresOf(s)));
  w.field('type', () => w.u8(TYPES.indexOf(s.type) | (s.dims.length << 3)));
  w.field('dims', () => w.raw(s.dims.flatMap(varint)));
  const domain = ['real', 'integer', 'float-bits'].indexOf(s.domain);
  const lanes = [1, 2, 4, 8, 32].indexOf(s.lanes);
  w.field('head', () => w.u8(layoutCode(s.layout) | (s.bins ? (domain << 2) | (lanes << 4) : 0)));
  const { layout } = s;
  if (typeof layout !== 'string') w.field('axes', () => w.raw([...layout.axes, ...layout.groups]));
  if (s.profile) w.field('profile', () => w.raw(s.profile ?? []));
  if (s.bins && s.domain === 'real') w.field('step', () => w.f32(s.step ?? 0));
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
  w.field('bodyHeader', () => w.u8((b.raw ? 1 : 0) | (b.stepIndex === undefined ? 0 : 2)));
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

/** Table of every value (§ 9). */
function tableChoice(s: Setup, b: Body, dims: readonly number[], tokens: readonly number[], zero: number): number[] {
  const view = viewOf(dims, s.layout);
  const size = view.height * view.width;
  const thresholds = s.thresholds ?? [];
  const contexts = thresholds.length + 1;
  const classes = Math.floor(countOf(s.tables!) / contexts);
  const rank = (i: number) => Math.min(63, Math.abs(tokens[i] - zero));
  return tokens.map((_, i) => {
    const plane = Math.floor(i / size);
    const at = i % size;
    const byRow = b.rowClasses?.[Math.floor(plane / view.channels)] ?? 0;
    const byChannel = s.classes?.channels?.[plane % view.channels] ?? 0;
    const k = Math.max(0, Math.min(classes - 1, byRow + byChannel));
    const left = at % view.width > 0 ? rank(i - 1) : 0;
    const up = at >= view.width ? rank(i - view.width) : 0;
    return k * contexts + thresholds.filter((t) => t <= left + up).length;
  });
}

function segmentsOf(faults: Faults, s: Setup, b: Body): Writer[] {
  const dims = dimsOf(s, b);
  const view = viewOf(dims, s.layout);
  const size = view.height * view.width;
  const planes = view.rows * view.channels;
  const { bins, coded } = tokensOf(s, b);
  if (coded.length !== planes * size) throw new Error(`${coded.length} levels for ${planes} planes of ${size}`);
  const tokens = coded.map((c) => c.token);
  const tables = tableChoice(s, b, dims, tokens, zeroToken(bins));
  const table = frequencies(s.tables!, bins);
  const out: Writer[] = [];
  const step = s.segmentSize ?? Math.max(planes, 1);
  for (let first = 0; size > 0 && first < planes; first += step) {
    const range: [number, number] = [first * size, Math.min(planes, first + step) * size];
    const w = new Writer(faults);
    const part = {
      bins,
      frequencies: table,
      precision: s.tables!.precision,
      lanes: s.lanes,
      unusual: b.unusual,
      tokens: tokens.slice(...range),
      offsets: coded.slice(...range).map((c) => c.offset),
      tables: tables.slice(...range),
      planeSize: s.thresholds ? size : undefined,
    };
    const name = `segment${out.length}`;
    w.field(name, () => writeSegment(w, name, part));
    out.push(w);
  }
  return out;
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
export function expected(s: Setup, b: Body): { dims: number[]; bytes: Uint8Array } {
  const dims = dimsOf(s, b);
  if (b.raw) return { dims, bytes: b.raw };
  const { bins, coded } = tokensOf(s, b);
  const tokens = coded.map((c) => c.token);
  return { dims, bytes: tensorOf(s, b, dims, bins, tokens) };
}
