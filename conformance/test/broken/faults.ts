/**
 * Faults for the independent decoder, each one change of its source that a person could make, and the section that a report must name.
 * `find` stands once in the file.
 */
export interface Fault {
  name: string;
  /** Of conformance/assemblyscript/assembly. */
  file: string;
  find: string;
  replace: string;
  /** The section that forbids it. */
  section: string;
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'values belong to the next lane',
    file: 'rans.ts',
    find: 'contexts ? l : i % this.lanes',
    replace: 'contexts ? l : (i + 1) % this.lanes',
    section: '12.1',
  },
  {
    name: 'the stride of a bin is ignored',
    file: 'rans.ts',
    find: 'i64(offset) * stride',
    replace: 'i64(offset)',
    section: '7',
  },
  {
    name: 'the last of equal frequencies gives way, not the first',
    file: 'tables.ts',
    find: 'this.frequency[i] > this.frequency[largest]',
    replace: 'this.frequency[i] >= this.frequency[largest]',
    section: '8.3',
  },
  {
    name: 'the checksum is not compared',
    file: 'index.ts',
    find: 'check(load<u32>(r.data + at) === crc32c(r.data, at), E.CHECKSUM_MISMATCH, at);',
    replace: '',
    section: '13',
  },
  {
    name: 'lengths of segments are not checked against what is left',
    file: 'index.ts',
    find: 'check(end + 4 <= u64(r.end), E.TRUNCATED, r.end);',
    replace: '',
    section: '5.2',
  },
  {
    name: 'ties are rounded away from zero',
    file: 'values.ts',
    find: '(magnitude + 0x7fff + ((magnitude >> 16) & 1)) >> 16',
    replace: '(magnitude + 0x8000) >> 16',
    section: '11',
  },
  {
    name: 'the table of the first plane stays for all',
    file: 'rans.ts',
    find: 'this.table[l] = body.table(first + plane + l)',
    replace: 'this.table[l] = body.table(first + l)',
    section: '9.1',
  },
  {
    name: 'the trellis starts in another state',
    file: 'trellis.ts',
    find: 'this.state[lane] = 0',
    replace: 'this.state[lane] = 4',
    section: '17',
  },
  {
    name: 'a body in error moves the state of the stream',
    file: 'index.ts',
    find: 'if (!failed()) state = body.state;',
    replace: 'state = body.state;',
    section: '19.1',
  },
  {
    name: 'the frequency weight has the height for the width',
    file: 'dct.ts',
    find: 'f64(v) / f64(w)',
    replace: 'f64(v) / f64(h)',
    section: '16',
  },
  {
    name: 'weights of the mix are not rounded',
    file: 'mix.ts',
    find: '(error * this.x[i] + (1 << (this.shift - 1))) >> this.shift',
    replace: '(error * this.x[i]) >> this.shift',
    section: '18.2',
  },
  {
    name: 'the hash of a profile is not compared',
    file: 'profile.ts',
    find: 'check(this.hash[i] === load<u8>(r.data + hashAt + i), E.CHECKSUM_MISMATCH, hashAt);',
    replace: '',
    section: 'P1',
  },
  {
    name: 'scale codes below zero are halved towards zero',
    file: 'scales.ts',
    find: '((code >> 3) << 23)',
    replace: '((code / 8) << 23)',
    section: '10',
  },
  {
    name: 'the neighbour above is forgotten',
    file: 'rans.ts',
    find: 'context = bySum[left + up];',
    replace: 'context = bySum[left];',
    section: '9.2',
  },
];
