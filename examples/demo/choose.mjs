// Where to cut: the survey of a model, and the one place the demo takes.
import { buildGraph, listCuts, loadModel, surveyCuts } from 'slicer-codec/onnx';

/** What the tail has to be left with to make a split worth while. */
const TAIL_SHARE = 0.05;

/** Surveys the cuts of a model file and picks one: fewest bytes among those that leave the tail 5 % of the compute. */
export async function chooseCut(path, inputShapes, wanted) {
  const { model, folder } = await loadModel(path);
  const legal = listCuts(buildGraph(model)).length;
  const survey = await surveyCuts(model, { inputShapes, folder });
  const share = (cut) => cut.macsBefore / survey.macs;
  const floats = survey.cuts.filter((cut) => cut.type === 'float32');
  const candidates = floats.filter((cut) => share(cut) <= 1 - TAIL_SHARE);
  const best = candidates.reduce((a, b) => (b.bytes < a.bytes ? b : a), candidates[0] ?? floats[0]);
  const cut = wanted === undefined ? best : (survey.cuts.find((one) => one.name === wanted) ?? { name: wanted });
  return { cut, share: share(cut), legal, survey, front: frontOf(survey), tailShare: TAIL_SHARE };
}

/** The cuts nothing beats in both bytes and compute; of several alike the last, which has least left to do behind it. */
function frontOf(survey) {
  const byKey = new Map();
  for (const cut of survey.cuts) {
    if (cut.onFront) byKey.set(`${cut.bytes}/${cut.macsBefore}`, { ...cut, share: cut.macsBefore / survey.macs });
  }
  return [...byKey.values()];
}
