// Our own codec with a profile of the cut, calibrated on other images; its bytes stand in the row, not in the frames.
import { decode, encode } from 'slicer-codec';
import { profileAt } from '../profiles.mjs';
import { ours } from './slicer.mjs';
import { steps } from './steps.mjs';

/** With `force`, the profile holds a channel transform even where its bytes do not pay within the frames it is made for. */
const ROWS = [{ effort: 'fast' }, { effort: 'default' }, { effort: 'dense' }, { effort: 'dense', force: true }];

/** Our row at one effort, for whatever cut it is asked for. */
function calibrated({ effort, force = false }) {
  const variants = [{ label: 'step', ladder: ({ rms }) => steps(rms).map((step) => ({ budget: { step } })) }];
  const name = ['slicer', force ? 'profile with transform' : 'profile', ...(effort === 'default' ? [] : [effort])].join(
    ', ',
  );
  return {
    ...ours(name, { about: `effort ${effort}` }, variants),
    class: 'calibrated',
    at: async ({ calibration }, peer) => {
      const { bytes: profile, id, report } = await profileAt(calibration, { force });
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
