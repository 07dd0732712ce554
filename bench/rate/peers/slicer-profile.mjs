// Our own codec with a profile of the cut, calibrated on other images; its bytes stand in the row, not in the frames.
import { decode, encode } from 'slicer-codec';
import { profileAt } from '../profiles.mjs';
import { ours } from './slicer.mjs';
import { steps } from './steps.mjs';

const EFFORTS = ['fast', 'default', 'dense'];

/** Our row at one effort, for whatever cut it is asked for. */
function calibrated(effort) {
  const variants = [{ label: 'step', ladder: ({ rms }) => steps(rms).map((step) => ({ budget: { step } })) }];
  const name = effort === 'default' ? 'slicer, profile' : `slicer, profile, ${effort}`;
  return {
    ...ours(name, { about: `effort ${effort}` }, variants),
    class: 'calibrated',
    at: async ({ calibration }, peer) => {
      const { bytes: profile, id, report } = await profileAt(calibration);
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

export default EFFORTS.map(calibrated);
