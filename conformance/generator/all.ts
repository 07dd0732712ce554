/** All vectors, drawer by drawer. */
import { Collection, type Vector } from './collection.ts';
import { faultyBodies } from './faulty/body.ts';
import { faultyCoding } from './faulty/coding.ts';
import { faultyFeatures } from './faulty/features.ts';
import { faultyFrames } from './faulty/framing.ts';
import { faultyProfiles } from './faulty/profile.ts';
import { faultySetups } from './faulty/setup.ts';
import { faultyTools } from './faulty/tools.ts';
import { Random } from './random.ts';
import { rareBins, rareTables } from './rare/bins.ts';
import { rareCoder } from './rare/coder.ts';
import { largeVectors } from './rare/large.ts';
import { rareShapes } from './rare/shapes.ts';
import { exhaustive, rareValues } from './rare/values.ts';
import { adaptiveVectors } from './valid/adaptive.ts';
import { bareVectors } from './valid/bare.ts';
import { coderVectors } from './valid/coder.ts';
import { dctVectors } from './valid/dct.ts';
import { denseVectors } from './valid/dense.ts';
import { domainVectors } from './valid/domains.ts';
import { featureVectors } from './valid/features.ts';
import { languageVectors } from './valid/language.ts';
import { planeVectors } from './valid/planes.ts';
import { profileVectors } from './valid/profiles.ts';
import { rawVectors } from './valid/raw.ts';
import { trellisVectors } from './valid/trellis.ts';

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
    profileVectors,
    dctVectors,
    trellisVectors,
    denseVectors,
    adaptiveVectors,
    languageVectors,
    featureVectors,
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
    faultyFeatures,
    faultyProfiles,
    faultyTools,
  ])
    drawer(out, random);
  return out.vectors;
}
