// Our own codec with a profile of the cut, calibrated on other images; its bytes stand in the row, not in the frames.
import { decode, encode } from 'slicer-codec';
import { profileAt } from '../profiles.mjs';
import { ours } from './slicer.mjs';
import { steps } from './steps.mjs';

/** Frames of a camera in an hour: next to nothing of a profile's bytes falls to each. */
const MANY = 100_000;

/** Profiles are made for as many frames as `calibrate` expects unless told, and for a stream that goes on for long. */
const ROWS = [{ effort: 'fast' }, { effort: 'default' }, { effort: 'dense' }, { effort: 'dense', amortise: MANY }];

/** Our row at one effort, for whatever cut it is asked for. */
function calibrated({ effort, amortise }) {
  const variants = [{ label: 'step', ladder: ({ rms }) => steps(rms).map((step) => ({ budget: { step } })) }];
  const profile = amortise ? `profile for ${amortise} frames` : 'profile';
  const name = ['slicer', profile, ...(effort === 'default' ? [] : [effort])].join(', ');
  return {
    ...ours(name, { about: `effort ${effort}` }, variants),
    class: 'calibrated',
    at: async ({ calibration }, peer) => {
      const { bytes: profile, id, report } = await profileAt(calibration, { amortise });
      return {
        ...peer,
        version: `${peer.version} ${id}`,
        about: `${peer.about}, profile of ${profile.length} bytes at ${calibration.cut} (${report.chosen})`,
        profileBytes: profile.length,
        encode: (tensor, setting) => encode(tensor, { report: false, effort, profile, ...setting }).bytes,
        decode: (bytes) => decode(bytes, { profiles: [profile] }).data,
      };
    },
  };
}

export default ROWS.map(calibrated);
