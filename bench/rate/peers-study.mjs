// Every peer at every cut of the image network: real streams, decoded, through the tail; bytes at equal KL of its answers.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { breakEven, breakEvenPlot } from './break-even-plot.mjs';
import { compare, plain, TARGET } from './compare.mjs';
import { ratio } from './curve.mjs';
import { curvePlot } from './curve-plot.mjs';
import { INPUT } from './cuts.mjs';
import { loadPeers, PEERS, settle } from './peers/index.mjs';
import { peersReport } from './peers-report.mjs';
import { publishedTable } from './published.mjs';
import { loadStack, StackJudge, statisticsOf } from './stack.mjs';

const LEVELS = [0.01, TARGET, 0.05];
/** KL that a curve has to cover. */
const RANGE = [0.008, 0.06];
const RANGE_QUICK = [0.015, 0.03];
/** Calibration items on which peers with several parameters are tuned. */
const TUNING = 16;

/** Judges and statistics of one cut of one set. */
function contextOf(cut, set, features) {
  const stack = loadStack(set.calibration, cut);
  return {
    judge: new StackJudge({ features, folder: set.folder, name: cut }),
    learn: new StackJudge({ features, folder: set.calibration, name: cut, count: TUNING }),
    calibration: { stack, statistics: statisticsOf(stack), cut, features },
  };
}

/** Writes a picture per cut and set; resolves with the lines that show them. */
function draw(rows, folder) {
  mkdirSync(folder, { recursive: true });
  const lines = [];
  for (const set of new Set(rows.map((row) => row.set))) {
    for (const cut of new Set(rows.map((row) => row.cut))) {
      const here = rows.filter((row) => row.set === set && row.cut === cut);
      if (here.length === 0) continue;
      const file = `rate-${set}-${cut}.svg`;
      const title = `EfficientNet-Lite0 cut at ${cut}`;
      const subtitle = `${here[0].count} images of ${set}, means; left and down is better, on the right left and up`;
      writeFileSync(join(folder, file), curvePlot(here, { title, subtitle, target: TARGET }));
      lines.push(`![${title}, ${set}](${file})`);
    }
  }
  return lines;
}

/** Writes when profiles have paid, a picture per set; resolves with the lines that show them. */
function drawBreakEven(rows, folder) {
  return [...new Set(rows.map((row) => row.set))].flatMap((set) => {
    const found = breakEven(
      rows.filter((row) => row.set === set),
      TARGET,
    );
    if (found.length === 0) return [];
    const file = `rate-${set}-break-even.svg`;
    const title = `When a profile has paid for itself, ${set}`;
    const subtitle = `EfficientNet-Lite0, at KL ${TARGET}; profiles from the calibration images of the first set`;
    writeFileSync(join(folder, file), breakEvenPlot(found, { title, subtitle }));
    return [`![${title}](${file})`];
  });
}

/**
 * Runs the study over the sets of tensors `{ name, folder, calibration }`; resolves with rows, musts and Markdown.
 */
export async function peersStudy({ cuts, features, store, sets, python, wantedPeers, quick, say, plots }) {
  const { peers, missing } = await loadPeers(
    PEERS.filter((name) => !wantedPeers || wantedPeers.includes(name)),
    python,
  );
  const common = { store, python, say, quick, range: quick ? RANGE_QUICK : RANGE };
  const rows = [];
  for (const set of await sets()) {
    // One cut's tensors at a time, and those of the input, which belong to every cut.
    const open = new Map();
    const contextAt = (cut) => {
      if (!open.has(cut)) {
        for (const other of open.keys()) if (other !== INPUT) open.delete(other);
        open.set(cut, { ...common, ...contextOf(cut, set, features), key: ['peers', basename(features.folder)] });
      }
      return open.get(cut);
    };
    for (const { name } of cuts) {
      const [count, ...dims] = contextAt(name).judge.stack.dims;
      for (const peer of peers.filter((p) => !p.suits || p.suits(name, dims))) {
        try {
          const context = contextAt(peer.cut ?? name);
          const row = await compare(await settle(peer, context), context, LEVELS);
          rows.push({ set: set.name, cut: name, count, values: dims.reduce((a, b) => a * b, 1), ...row });
        } catch (error) {
          missing.push({ name: `${peer.name} at ${name}`, why: error.message });
        }
      }
    }
  }
  const curves = plain(rows);
  const drawn = [...draw(curves, plots), ...drawBreakEven(rows, plots)];
  const report = peersReport(rows, { missing, levels: LEVELS, target: TARGET, ratio });
  return { ...report, markdown: [report.markdown, ...drawn, publishedTable()].join('\n\n'), curves };
}
