/** The header of a .npy file: magic, version, and a Python dictionary with `descr`, `fortran_order` and `shape`. */
import { SlicerError } from '../codec/errors.js';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** NumPy itself stops at 10,000 characters; no array of rank 8 needs more than a few hundred. */
const MAX_HEADER_BYTES = 65_535;
const MAX_RANK = 8;
/** NumPy aligns the data to this. */
const DATA_ALIGNMENT = 64;

/** What the header says. */
export interface NpyHeader {
  descr: string;
  fortranOrder: boolean;
  shape: number[];
  /** Where the data begins. */
  dataOffset: number;
}

/** Reads the header at the start of `bytes`. */
export function readNpyHeader(bytes: Uint8Array): NpyHeader {
  const known = Math.min(bytes.length, MAGIC.length);
  for (let i = 0; i < known; i++) if (bytes[i] !== MAGIC[i]) throw bad('This is not a .npy file.', 0);
  if (bytes.length < 10) throw cut('The .npy file ends inside its header.', bytes.length);
  const [major, minor] = [bytes[6], bytes[7]];
  if (major < 1 || major > 3 || minor !== 0) throw bad(`.npy version ${major}.${minor} is not known.`, 6);
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) throw cut('The .npy file ends inside its header.', bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES) {
    const advice = 'Save the array again with a plain dtype.';
    throw new SlicerError('limit_exceeded', `A .npy header of ${length} bytes.`, { offset: 8, advice });
  }
  const dataOffset = start + length;
  if (bytes.length < dataOffset) throw cut('The .npy file ends inside its header.', bytes.length);
  // Versions 1 and 2 are Latin-1 and 3 is UTF-8; the fields we accept are ASCII in all of them.
  const text = String.fromCharCode(...bytes.subarray(start, dataOffset));
  return { ...new DictParser(text, start).parse(), dataOffset };
}

/** A header as NumPy writes it: version 1.0, data aligned to 64. */
export function npyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const total = Math.ceil((10 + dict.length + 1) / DATA_ALIGNMENT) * DATA_ALIGNMENT;
  const text = `${dict.padEnd(total - 11)}\n`;
  const bytes = new Uint8Array(total);
  bytes.set([...MAGIC, 1, 0, text.length & 255, text.length >>> 8]);
  for (let i = 0; i < text.length; i++) bytes[10 + i] = text.charCodeAt(i);
  return bytes;
}

/** Just enough Python: one dictionary of strings, booleans and a tuple of whole numbers. */
class DictParser {
  private at = 0;
  private descr: string | undefined;
  private fortranOrder: boolean | undefined;
  private shape: number[] | undefined;

  constructor(
    private readonly text: string,
    private readonly base: number,
  ) {}

  parse(): { descr: string; fortranOrder: boolean; shape: number[] } {
    this.need('{');
    while (!this.skip('}')) {
      const at = this.at;
      const key = this.string();
      this.need(':');
      if (key === 'descr' && this.descr === undefined) this.descr = this.descrValue();
      else if (key === 'fortran_order' && this.fortranOrder === undefined) this.fortranOrder = this.boolean();
      else if (key === 'shape' && this.shape === undefined) this.shape = this.tuple();
      else throw this.bad(`The key ${JSON.stringify(key)} is unknown or occurs twice`, at);
      if (!this.skip(',')) {
        this.need('}');
        break;
      }
    }
    if (this.text.slice(this.at).trim() !== '') throw this.bad('Something follows the dictionary', this.at);
    const { descr, fortranOrder, shape } = this;
    if (descr === undefined || fortranOrder === undefined || shape === undefined) {
      throw this.bad('descr, fortran_order or shape is missing', this.at);
    }
    return { descr, fortranOrder, shape };
  }

  /** A list instead of a string describes a structured dtype. */
  private descrValue(): string {
    if (this.peek() !== '[') return this.string();
    const advice = 'Save one field of the array at a time.';
    const offset = this.base + this.at;
    throw new SlicerError('unsupported_dtype', 'The array has the dtype structured.', { offset, advice });
  }

  private string(): string {
    const quote = this.peek();
    if (quote !== "'" && quote !== '"') throw this.bad('A string is missing', this.at);
    const end = this.text.indexOf(quote, this.at + 1);
    if (end < 0) throw this.bad('A string does not end', this.at);
    const value = this.text.slice(this.at + 1, end);
    this.at = end + 1;
    return value;
  }

  private boolean(): boolean {
    if (this.skip('True')) return true;
    if (this.skip('False')) return false;
    throw this.bad('True or False is missing', this.at);
  }

  private tuple(): number[] {
    this.need('(');
    const dims: number[] = [];
    while (!this.skip(')')) {
      const at = this.at;
      this.peek();
      // Python 2 wrote 3L for long integers.
      const match = /^(\d{1,16})L?/.exec(this.text.slice(this.at, this.at + 18));
      if (!match || !Number.isSafeInteger(Number(match[1]))) throw this.bad('A dimension is not a whole number', at);
      this.at += match[0].length;
      dims.push(Number(match[1]));
      if (dims.length > MAX_RANK) {
        const advice = `slicer takes at most ${MAX_RANK} dimensions: reshape the array.`;
        const offset = this.base + at;
        throw new SlicerError('bad_dims', `The array has more than ${MAX_RANK} dimensions.`, { offset, advice });
      }
      if (!this.skip(',')) {
        this.need(')');
        break;
      }
    }
    return dims;
  }

  /** The next character that is no space. */
  private peek(): string {
    while (this.text[this.at] === ' ' || this.text[this.at] === '\n') this.at++;
    return this.text[this.at] ?? '';
  }

  private skip(token: string): boolean {
    this.peek();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  private need(token: string): void {
    if (!this.skip(token)) throw this.bad(`${token} is missing`, this.at);
  }

  private bad(what: string, at: number): SlicerError {
    return bad(`${what} in the .npy header.`, this.base + at);
  }
}

function bad(message: string, offset: number): SlicerError {
  return new SlicerError('bad_npy', message, { offset });
}

function cut(message: string, offset: number): SlicerError {
  return new SlicerError('truncated', message, { offset });
}
