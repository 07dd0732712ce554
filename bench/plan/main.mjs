// `npm run bench:plan`: does the planner choose what measuring everything would? Two networks, some links, random constraints.
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generator, median } from 'slicer-codec/eval';
import { cut } from 'slicer-codec/onnx';
import { plan } from 'slicer-codec/plan';
import { digits, must, mustTable, table } from '../rate/report.mjs';
import { machine } from '../rate/versions.mjs';
import { doOnce, openDevice } from './device.mjs';
import { planModels } from './models.mjs';
import { startProxy } from './proxy.mjs';
import { judge, question, words } from './questions.mjs';

const HELP = `npm run bench:plan -- [--sets N] [--rounds N] [--photo FILE] [--seed N] [--quick] [--json FILE]

  --sets N     random constraint sets for every network and link (6)
  --rounds N   how often every option is measured, in turns (9)
  --photo FILE a picture for the image classifier; a drawn page unless given
  --seed N     another seed asks other questions (1)
  --quick      one link, 3 rounds
  --json FILE  every figure, and the list of musts`;

const { values: options } = parseArgs({
  options: {
    sets: { type: 'string', default: '6' },
    rounds: { type: 'string' },
    photo: { type: 'string' },
    seed: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const whole = (name, value) => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) {
    console.error(`--${name} takes a whole number from 1, not ${value}\n(see --help)`);
    process.exit(2);
  }
  return number;
};
const sets = whole('sets', options.sets);
const rounds = whole('rounds', options.rounds ?? (options.quick ? 3 : 9));
const LINKS = [
  { name: '1 Mbit/s, 40 ms', uplink: 1e6, rtt: 40 },
  { name: '5 Mbit/s, 20 ms', uplink: 5e6, rtt: 20 },
  { name: '20 Mbit/s, 60 ms', uplink: 20e6, rtt: 60 },
].slice(options.quick ? 1 : 0, options.quick ? 2 : undefined);
const say = (text) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text}`);
const random = generator(whole('seed', options.seed));
const work = mkdtempSync(join(tmpdir(), 'slicer-plan-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Cuts a model and writes its parts. */
function writeParts(model) {
  const bytes = new Uint8Array(readFileSync(model.file));
  const parts = {};
  for (const name of model.cuts) {
    const { head, tail } = cut(bytes, name);
    parts[name] = {};
    for (const [side, data] of Object.entries({ head, tail })) {
      parts[name][side] = join(work, `${model.name}-${name}-${side}.onnx`.replace(/[^\w.-]/g, '_'));
      writeFileSync(parts[name][side], data);
    }
    parts[name].weights = head.length;
  }
  return { parts, bytes: bytes.length };
}

/** Every option once in each round, in turns, so that all see the same load; medians. */
async function measureAll(all, port, times, label) {
  const seen = all.map(() => []);
  for (let round = 0; round <= times; round++) {
    for (const [i, option] of all.entries()) {
      say(`${label}, round ${round}/${times}, ${option.cut ?? option.kind} ${option.setting ?? ''}`);
      const once = await doOnce(option, port, agent);
      // The first round warms up.
      if (round > 0) seen[i].push(once);
    }
  }
  return seen.map((list) => {
    const of = (key) => median(list.map((one) => one[key]));
    return Object.fromEntries(Object.keys(list[0]).map((key) => [key, of(key)]));
  });
}

const rows = [];
const result = { machine: machine(), rounds, networks: [], rows, musts: [] };
for (const model of await planModels({ photo: options.photo, say })) {
  const { parts, bytes: wholeBytes } = writeParts(model);
  const tails = Object.fromEntries(Object.entries(parts).map(([name, { tail }]) => [name, tail]));
  const settings = JSON.stringify({ whole: model.file, tails, input: model.input });
  const server = fork(fileURLToPath(new URL('server.mjs', import.meta.url)), [settings]);
  const port = await new Promise((resolve, reject) => {
    server.once('message', resolve);
    server.once('exit', () => reject(new Error('the server did not start')));
  });
  const proxy = await startProxy(port, { uplink: 1e12, rtt: 0 });
  const all = await openDevice(model, parts);
  // What the planner is told: stages measured on an open link, the compute of the forms' answers included.
  const stages = await measureAll(all, proxy.port, rounds, `${model.name}: stages`);
  const overhead = await overheadOf(all, proxy, agent);
  const local = stages[0];
  const serverMs = median(stages.filter((_, i) => all[i].kind === 'input').map((s) => s.tailMs));
  const memoryOf = (option, sent) =>
    option.kind === 'local' ? wholeBytes : option.kind === 'input' ? sent : parts[option.cut].weights;
  const cuts = Object.keys(parts).map((name) => {
    const own = all.flatMap((option, i) => (option.cut === name ? [{ option, stage: stages[i] }] : []));
    const headMs = median(own.map(({ stage }) => stage.headMs));
    const tailMs = median(own.map(({ stage }) => stage.tailMs));
    const points = own.map(({ option, stage }) => ({
      setting: option.setting,
      bytes: stage.bytes,
      quality: { kl: option.kl },
      encodeMs: stage.encodeMs,
      decodeMs: stage.decodeMs,
    }));
    // One share of both sides: the head's on the device, 1 minus it on the server.
    return {
      name,
      bytes: 0,
      headShare: headMs / (headMs + tailMs),
      memoryBytes: parts[name].weights,
      points,
    };
  });
  const forms = all.flatMap((option, i) =>
    option.kind === 'input'
      ? [
          {
            form: option.setting,
            bytes: stages[i].bytes,
            quality: { kl: option.kl },
            encodeMs: stages[i].encodeMs,
            decodeMs: stages[i].decodeMs,
          },
        ]
      : [],
  );
  const costs = { name: model.name, cuts, forms, memoryBytes: wholeBytes };
  result.networks.push({ name: model.name, deviceMs: local.headMs, serverMs, overhead, costs });
  for (const link of LINKS) {
    proxy.set(link);
    const measured = (await measureAll(all, proxy.port, rounds, `${model.name}, ${link.name}`)).map((m, i) => {
      const sent = all[i].path ? m.bytes + overhead : 0;
      return { ...m, sent, kl: all[i].kl, memoryBytes: memoryOf(all[i], m.bytes), option: all[i] };
    });
    for (let n = 0; n < sets; n++) {
      const asked = question(measured, random);
      const place = { deviceMs: local.headMs, serverMs, uplink: link.uplink, rtt: link.rtt, overheadBytes: overhead };
      rows.push(judge(model, link, asked, measured, () => plan({ model: costs, place, ...asked })));
    }
  }
  proxy.set({ uplink: 1e12, rtt: 0 });
  proxy.close();
  server.disconnect();
}
agent.destroy();
say('');

/** Bytes of a request beyond its body, counted on the link. */
async function overheadOf(all, proxy, keep) {
  const option = all.find(({ kind }) => kind === 'split');
  const before = proxy.carried.up;
  const { bytes } = await doOnce(option, proxy.port, keep);
  return proxy.carried.up - before - bytes;
}

console.log(
  `# The planner against measuring everything\n\n${result.machine}; medians of ${rounds} rounds; the link is a delaying proxy on loopback.\n`,
);
console.log(
  table(
    ['network', 'link', 'asked', 'chosen', 'best measured', 'latency predicted / measured', 'ratio', ''],
    rows.map((r) => [
      r.network,
      r.link,
      words(r.asked),
      r.chosen,
      r.best?.name ?? 'nothing fits',
      r.predicted ? `${digits(r.predicted.latencyMs, 1)} / ${digits(r.measured.latencyMs, 1)} ms` : '–',
      digits(r.ratio, 2),
      r.ok ? 'ok' : '**no**',
    ]),
  ),
);
const share = rows.filter(({ ok }) => ok).length / rows.length;
const infeasible = rows.filter(({ best }) => best === undefined);
const told = infeasible.filter(({ chosen, ok }) => ok && !/^(split|send|run)/.test(chosen)).length;
result.musts.push(
  must('constraint sets', rows.length, '>= 20'),
  must('share within 10 % of the best measured, or rightly infeasible', share, '>= 0.9'),
);
if (infeasible.length > 0)
  result.musts.push(
    must(`of ${infeasible.length} infeasible sets, share reported as such`, told / infeasible.length, '>= 0.9'),
  );
console.log(`\n## Musts\n\n${mustTable(result.musts)}`);
if (options.json) {
  mkdirSync(join(options.json, '..'), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(result, null, 1)}\n`);
}
process.exit(0);
