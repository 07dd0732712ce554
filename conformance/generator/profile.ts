/** Profiles (`spec/profile.md`), writing. */
import { createHash } from 'node:crypto';
import { bitsOfF32, classList, type Fault, varint, Writer } from './bytes.ts';

/** A scale and an integer per channel. */
export interface Column {
  s: number;
  values: number[];
}

/** What a profile says. */
export interface Profile {
  /** Of its file. */
  name: string;
  channels: number;
  mean?: number[];
  classes?: number[];
  transform?: { classes: number[]; columns: Column[] };
  forward?: Column[];
  recipe?: number;
  curve?: [number, number, number][];
  metadata?: { type: number; data: number[] }[];
}

/** A profile as a file; what is at fault in it, if anything. */
export interface ProfileFile {
  profile: Profile;
  bytes: Uint8Array;
  id: number[];
  marks: Writer['marks'];
}

/** Damage: faults by field, a cut, bytes at the end. What lies behind the hash is damaged before it is hashed. */
export interface ProfileDamage {
  faults?: Readonly<Record<string, Fault>>;
  /** Keep only the bytes before this field's end less `less`. */
  cut?: { field: string; less: number };
  extra?: number[];
}

function little(value: number): number[] {
  const bits = bitsOfF32(value);
  return [0, 8, 16, 24].map((n) => (bits >>> n) & 255);
}

function columnBytes({ s, values }: Column): number[] {
  return [...little(s), ...values.flatMap((v) => [v & 255, (v >> 8) & 255])];
}

/** Writes one. */
export function profileFile(p: Profile, damage: ProfileDamage = {}): ProfileFile {
  const content = new Writer(damage.faults);
  const sections = [p.mean, p.classes, p.transform, p.forward, p.recipe, p.curve, p.metadata];
  const bits = sections.reduce<number>((sum, section, i) => sum + (section === undefined ? 0 : 2 ** i), 0);
  content.field('sections', () => content.varint(bits));
  content.field('channels', () => content.varint(p.channels));
  if (p.mean) content.field('mean', () => content.raw(p.mean!.flatMap(little)));
  if (p.classes) content.field('classes', () => content.raw(classList(p.classes!)));
  const { transform } = p;
  if (transform) {
    content.field('coefficients', () => content.varint(transform.columns.length));
    content.field('coefficientClasses', () => content.raw(classList(transform.classes)));
    content.field('columns', () => content.raw(transform.columns.flatMap(columnBytes)));
  }
  if (p.forward) content.field('forward', () => content.raw(p.forward!.flatMap(columnBytes)));
  if (p.recipe !== undefined) content.field('recipe', () => content.u8(p.recipe!));
  if (p.curve) {
    content.field('curve', () => content.raw([...varint(p.curve!.length), ...p.curve!.flat().flatMap(little)]));
  }
  if (p.metadata) {
    content.field('metadata', () => {
      const records = p.metadata!.flatMap(({ type, data }) => [...varint(type), ...varint(data.length), ...data]);
      content.raw([...varint(p.metadata!.length), ...records]);
    });
  }
  content.field('end', () => {});
  const cutIn = ({ marks }: Writer) => {
    const mark = marks.find((m) => m.name === damage.cut?.field);
    return mark && mark.end - damage.cut!.less;
  };
  content.raw(damage.extra ?? []);
  content.bytes.length = cutIn(content) ?? content.bytes.length;
  const w = new Writer(damage.faults);
  w.field('magic', () => w.raw([0x53, 0x4c, 0x43, 0x50]));
  w.field('version', () => w.u8(0));
  w.field('draft', () => w.u8(2));
  const hash = [...createHash('sha256').update(Uint8Array.from(content.bytes)).digest()];
  w.field('hash', () => w.raw(hash));
  const start = w.bytes.length;
  const marks = [...w.marks, ...content.marks.map((m) => ({ ...m, start: m.start + start, end: m.end + start }))];
  const id = w.bytes.slice(6, 14);
  w.raw(content.bytes);
  w.bytes.length = cutIn(w) ?? w.bytes.length;
  const unused = Object.keys(damage.faults ?? {}).filter((name) => !w.used.has(name) && !content.used.has(name));
  if (unused.length > 0) throw new Error(`${p.name}: no field ${unused.join(', ')}`);
  return { profile: p, bytes: Uint8Array.from(w.bytes), id, marks };
}

/** A[c][k] as lines of coefficients. */
export function linesOf(p: Profile): number[][] {
  return p.transform!.columns.map(({ s, values }) => values.map((v) => Math.fround(v * Math.fround(s))));
}
