/** Faults of profiles as files (`spec/profile.md` § 1), and cuts in every field. */
import type { Fault } from '../bytes.ts';
import type { Code } from '../collection.ts';
import { type Profile, type ProfileDamage, profileFile } from '../profile.ts';
import { at, become, flip } from './damage.ts';

/** Makes a vector of a faulty profile. */
export type Bad = (
  id: string,
  about: string,
  sections: string,
  error: Code,
  field: string,
  damage: ProfileDamage | Fault,
  drawer?: 'malformed' | 'invalid',
  profile?: Profile,
) => void;

/** Magic, version, hash, cuts, trailing bytes. */
export function faultyIdentity(bad: Bad, full: Profile): void {
  const magic = (id: string, about: string, error: Code, damage: ProfileDamage | Fault) =>
    bad(`magic-${id}`, about, 'P1', error, 'magic', damage, 'malformed');
  magic('of-a-frame', 'the magic of a frame', 'bad_magic', become(0x53, 0x4c, 0x43, 0x46));
  magic('first', 'another first byte', 'bad_magic', at(0, 0x54));
  const short = { faults: { magic: become(0x53, 0x4d) }, cut: { field: 'magic', less: 0 } };
  magic('short', 'two bytes that are no prefix of the magic', 'bad_magic', short);
  for (const n of [0, 1, 3]) {
    magic(`prefix-${n}`, `${n} bytes of the magic`, 'truncated', { cut: { field: 'magic', less: 4 - n } });
  }
  const version = (id: string, about: string, field: string, value: number) =>
    bad(id, about, 'P1 22', 'unsupported_version', field, become(value), 'malformed');
  version('version-1', 'another version', 'version', 1);
  version('draft-1', 'an earlier draft', 'draft', 1);
  version('draft-3', 'a later draft', 'draft', 3);
  for (const [name, byte] of [
    ['first', 0],
    ['last', 31],
  ] as const)
    bad(
      `hash-${name}`,
      `a hash whose ${name} byte is wrong`,
      'P1',
      'checksum_mismatch',
      'hash',
      flip(byte, 1),
      'malformed',
    );
  bad(
    'hash-other',
    'content that changed under its hash',
    'P1',
    'checksum_mismatch',
    'hash',
    become(...Array(32).fill(0xa5)),
    'malformed',
  );
  bad('trailing', 'a byte behind the content', 'P1', 'trailing_bytes', 'end', { extra: [0] }, 'malformed');
  const cut = (name: string, field: string) =>
    bad(
      `truncated-${name}`,
      `cut off before the last byte of ${field}`,
      name in SECTIONS ? SECTIONS[name] : 'P2',
      'truncated',
      field,
      { cut: { field, less: 1 } },
      'malformed',
    );
  for (const { name } of profileFile(full).marks) {
    if (name === 'magic' || name === 'end') continue;
    cut(
      name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`),
      name,
    );
  }
  bad(
    'content-none',
    'nothing behind the hash',
    'P2',
    'truncated',
    'sections',
    { cut: { field: 'sections', less: 1 } },
    'malformed',
  );
}

const SECTIONS: Record<string, string> = {
  version: 'P1',
  draft: 'P1',
  hash: 'P1',
  coefficients: 'P3',
  'coefficient-classes': 'P3',
  columns: 'P3',
  forward: 'P3',
  recipe: 'P4',
  curve: 'P4',
};
