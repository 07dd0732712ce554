/** All vectors, drawer by drawer. */
import { Collection, type Vector } from './collection.ts';
import { faultyBodies } from './faulty/body.ts';
import { faultyCoding } from './faulty/coding.ts';
import { faultyFrames } from './faulty/framing.ts';
import { faultySetups } from './faulty/setup.ts';
import { Random } from './random.ts';
import { rareBins, rareTables } from './rare/bins.ts';
import { rareCoder } from './rare/coder.ts';
import { largeVectors } from './rare/large.ts';
import { rareShapes } from './rare/shapes.ts';
import { exhaustive, rareValues } from './rare/values.ts';
import { bareVectors } from './valid/bare.ts';
import { coderVectors } from './valid/coder.ts';
import { domainVectors } from './valid/domains.ts';
import { planeVectors } from './valid/planes.ts';
import { rawVectors } from './valid/raw.ts';

/** One seed for everything; every vector draws from a stream of its own. */
export const SEED = 20261121;

/** Makes them. */
export function allVectors(): Vector[] {
  const out = new Collection();
  const random = (name: string) => new Random(SEED, name);
  for (const drawer of [
    rawVectors,
    domainVectors,
    coderVectors,
    planeVectors,
    bareVectors,
    exhaustive,
    rareBins,
    rareTables,
    rareCoder,
    rareValues,
    rareShapes,
    largeVectors,
    faultyFrames,
    faultySetups,
    faultyCoding,
    faultyBodies,
  ])
    drawer(out, random);
  return out.vectors;
}
