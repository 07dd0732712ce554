// What the demo prints.

const number = new Intl.NumberFormat('en');
const bytes = (value) => number.format(Math.round(value));
const fixed = (value, digits) => (value === null || value === undefined ? '–' : value.toFixed(digits));

/** Lines of a table, numbers right-aligned. */
export function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  const line = (row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  return [line(all[0]), widths.map((width) => '─'.repeat(width)).join('  '), ...all.slice(1).map(line)].join('\n');
}

/** Progress on standard error: one line that is written over on a terminal, nothing else in a log but its beginnings. */
export function progress(stream = process.stderr) {
  let phase = '';
  return {
    say(text) {
      if (stream.isTTY) stream.write(`\r\x1b[2K${text}`);
      else {
        const now = text.replace(/[,\s]*\S*\s?\d+\/\d+$/, '');
        if (now !== phase) stream.write(`${now} …\n`);
        phase = now;
      }
    },
    done() {
      if (stream.isTTY) stream.write('\r\x1b[2K');
    },
  };
}

/** The cuts on the front, with the one taken marked. */
export function printCuts({ front, survey, cut, legal }) {
  const rows = front.map((one) => [
    `${one.name === cut.name ? '→' : ' '} ${one.name}`,
    one.op,
    one.dims.join('×'),
    bytes(one.bytes),
    `${(100 * one.share).toFixed(1)} %`,
  ]);
  console.log(
    `${legal} tensors separate the model's input from its output. Those that no other beats in both columns:\n`,
  );
  console.log(table(['  tensor', 'computed by', 'dims', 'bytes in fp32', 'compute before'], rows));
  console.log(`\n  (the input itself: ${bytes(survey.inputBytes)} bytes in fp32)\n`);
}

/** One row per way of sending. */
export function printRows(task, rows, fp32) {
  const all = rows[0].items;
  const list = rows.map((row) => [
    row.label,
    bytes(row.bytes),
    row.kind === 'image' ? '–' : fixed(fp32 / row.bytes, 1),
    row.kind === 'image' ? '–' : fixed(fp32 / row.bytes / 2, 1),
    row.kind === 'codec' ? fixed(row.nrmse, 3) : '–',
    `${row.same}/${all}`,
    fixed(row.kl.mean, 4),
    ...(task.name === 'imagenet' ? [`${fixed((100 * row.right) / all, 1)} %`] : []),
    row.kind === 'codec' ? fixed(row.encodeUs, 0) : '–',
    row.kind === 'codec' ? fixed(row.decodeUs, 0) : '–',
  ]);
  const head = ['what is sent', 'bytes', '× fp32', '× fp16', 'NRMSE', 'same answer', 'KL'];
  const last = ['encode µs', 'decode µs'];
  console.log(table([...head, ...(task.name === 'imagenet' ? ['top-1'] : []), ...last], list));
  console.log(`\n  bytes, NRMSE and KL: mean over ${all} ${task.noun}s; times: median, one thread`);
  console.log('  KL in nats, of the whole model’s output distribution from the split one; 0 is the same\n');
}

/** Every line of text as the whole model and the split one read it. */
export function printTexts(task, reference, row) {
  const rows = task.items.map((item, i) => [
    item.truth,
    reference[i].answer,
    row.answers[i],
    bytes(row.bytesEach[i]),
    row.answers[i] === reference[i].answer ? 'yes' : 'NO',
  ]);
  console.log(table(['drawn', 'read by the whole model', `read across the cut (${row.label})`, 'bytes', 'same'], rows));
  console.log();
}

/** Where the time goes. */
export function printTimes(times, row) {
  console.log(
    `Milliseconds per item, one thread: whole ${fixed(times.whole, 1)}; head ${fixed(times.head, 1)}` +
      ` + encode ${fixed(row.encodeUs / 1000, 2)} + decode ${fixed(row.decodeUs / 1000, 2)} + tail ${fixed(row.tailMs, 1)}.\n`,
  );
}

/** In plain words: what was shown, and when sending the image is the better idea. */
export function verdict(task, rows, chosen, fp32) {
  if (!chosen) return ['No setting left the answers as they were.'];
  const all = rows[0].items;
  const same = chosen.same === all ? `all ${all} answers` : `${chosen.same} of ${all} answers`;
  const part = Math.round(fp32 / chosen.bytes);
  const words = [
    `With ${chosen.label}, one ${task.noun} takes ${bytes(chosen.bytes)} bytes, 1/${part} of fp32: ` +
      `${same} unchanged, KL ${fixed(chosen.kl.mean, 4)}.`,
  ];
  const list = (some) =>
    some
      .map((row) => `${row.label.replace('the image as ', '')} ${bytes(row.bytes)} bytes (${row.same}/${all} the same)`)
      .join(', ');
  const images = rows.filter((row) => row.kind === 'image');
  const larger = images.filter((row) => row.bytes >= chosen.bytes);
  const smaller = images.filter((row) => row.bytes < chosen.bytes);
  if (larger.length > 0) words.push(`The image itself takes more as ${list(larger)}.`);
  if (smaller.length > 0) {
    words.push(`The image itself is SMALLER as ${list(smaller)}: if only bytes count, send that.`);
  }
  words.push(
    'A split spares the server the head’s work. It hides nothing: treat the tensor as you would the image it came from.',
  );
  return words;
}
