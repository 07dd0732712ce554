// One survey in a process of its own, so that its memory can be told: prints JSON.
//   node survey.mjs PATH OPTIONS-AS-JSON
import { loadRuntime, surveyFile } from '../../sdk/dist/esm/onnx/index.js';

const [path, options] = process.argv.slice(2);
const peak = () => process.resourceUsage().maxRSS * 1024;
await loadRuntime();
const before = peak();
const start = performance.now();
const survey = await surveyFile(path, JSON.parse(options));
const seconds = (performance.now() - start) / 1000;
const single = survey.cuts.filter((cut) => cut.tensors.length === 1);
console.log(
  JSON.stringify({
    single: single.map(({ name, bytes, macsBefore, dims }) => ({ name, bytes, macsBefore, dims })),
    several: survey.cuts.filter((cut) => cut.tensors.length > 1).map((cut) => cut.tensors.map((one) => one.name)),
    front: survey.cuts.filter((cut) => cut.onFront).length,
    barriers: survey.barriers.length,
    macs: survey.macs,
    parameters: survey.parameters,
    weightBytes: survey.weightBytes,
    seconds,
    peak: peak(),
    grown: peak() - before,
  }),
);
