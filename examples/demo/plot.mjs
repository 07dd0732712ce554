// One picture of the whole demo, as SVG.
import { writeFileSync } from 'node:fs';
import * as echarts from 'echarts';

const WIDTH = 1100;
const COLOURS = { plain: '#9aa5b1', codec: '#1f6feb', image: '#d9822b', chosen: '#0b3d91' };
const FONT = 'Helvetica, Arial, sans-serif';

/** Draws bytes per way of sending, error against bytes, and (for text) the lines themselves; writes the file. */
export function writePlot(path, { task, rows, chosen, reference, cut, share }) {
  const ordered = [...rows].sort((a, b) => b.bytes - a.bytes);
  const top = 96;
  const barsHeight = 30 * ordered.length;
  const curveTop = top + barsHeight + 110;
  const curveHeight = 240;
  const linesTop = curveTop + curveHeight + 90;
  const shown = task.name === 'text' && chosen ? task.items : [];
  const height = linesTop + shown.length * 58 - (shown.length > 0 ? 0 : 40);

  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    title: [
      {
        text: `${task.title}, cut at ${cut.name}`,
        subtext: `[${cut.dims.join(', ')}], ${(100 * share).toFixed(0)} % of the compute before the cut; mean over ${rows[0].items} ${task.noun}s`,
        left: 24,
        top: 16,
      },
      {
        text: 'Error of the network’s output against bytes',
        left: 24,
        top: curveTop - 56,
        textStyle: { fontSize: 15 },
      },
      ...(shown.length > 0
        ? [
            {
              text: `The lines, and what is read across the cut (${chosen.label})`,
              left: 24,
              top: linesTop - 46,
              textStyle: { fontSize: 15 },
            },
          ]
        : []),
    ],
    grid: [
      { left: 270, right: 150, top, height: barsHeight },
      { left: 90, right: 150, top: curveTop, height: curveHeight },
    ],
    xAxis: [
      {
        type: 'log',
        gridIndex: 0,
        name: 'bytes',
        min: axisEnd(rows, -1),
        axisLabel: { formatter: axisLabel },
        splitLine: { lineStyle: { color: '#eee' } },
      },
      {
        type: 'log',
        gridIndex: 1,
        name: 'bytes',
        min: axisEnd(rows, -1),
        max: axisEnd(
          rows.filter((row) => row.kind !== 'plain'),
          1,
        ),
        axisLabel: { formatter: axisLabel },
        splitLine: { lineStyle: { color: '#eee' } },
      },
    ],
    yAxis: [
      {
        type: 'category',
        gridIndex: 0,
        inverse: true,
        data: ordered.map((row) => row.label),
        axisTick: { show: false },
        axisLine: { show: false },
      },
      {
        type: 'log',
        gridIndex: 1,
        name: 'KL in nats (lower is better)',
        nameTextStyle: { align: 'left' },
        axisLabel: { formatter: (v) => `${Number(v.toPrecision(1))}` },
        splitLine: { lineStyle: { color: '#eee' } },
      },
    ],
    series: [bars(ordered, chosen), ...curves(rows)],
    graphic: shown.flatMap((item, i) => lineOf(item, reference[i].answer, chosen.answers[i], linesTop + i * 58)),
  });
  writeFileSync(path, chart.renderToSVGString());
  chart.dispose();
}

function bars(rows, chosen) {
  return {
    type: 'bar',
    xAxisIndex: 0,
    yAxisIndex: 0,
    barWidth: 18,
    data: rows.map((row) => ({
      value: row.bytes,
      itemStyle: { color: row === chosen ? COLOURS.chosen : COLOURS[row.kind], borderRadius: [0, 3, 3, 0] },
      label: {
        show: true,
        position: 'right',
        color: row.same === row.items ? '#222' : '#b42318',
        formatter: `${Math.round(row.bytes).toLocaleString('en')} B, ${row.same}/${row.items} same`,
      },
    })),
  };
}

/** KL 0 has no place on this axis: it is drawn at its lower end. */
const FLOOR = 1e-6;

function curves(rows) {
  const series = (type, colour, labels, members) => ({
    type,
    xAxisIndex: 1,
    yAxisIndex: 1,
    symbolSize: 9,
    data: members
      .sort((a, b) => a.bytes - b.bytes)
      .map((row) => ({ value: [row.bytes, Math.max(FLOOR, row.kl.mean)], name: shortLabel(row) })),
    lineStyle: { color: colour, width: 2 },
    itemStyle: { color: colour },
    label: { show: true, position: labels, formatter: '{b}', fontSize: 11, color: colour },
    labelLayout: { hideOverlap: true },
  });
  const byBudget = (row) => row.kind === 'codec' && !shortLabel(row).startsWith('paper');
  return [
    series('line', COLOURS.codec, 'top', rows.filter(byBudget)),
    series(
      'scatter',
      COLOURS.chosen,
      'left',
      rows.filter((row) => row.kind === 'codec' && !byBudget(row)),
    ),
    series(
      'scatter',
      COLOURS.image,
      'bottom',
      rows.filter((row) => row.kind === 'image'),
    ),
  ];
}

/** Names that find room beside a point; the bars have them in full. */
function shortLabel({ label }) {
  return label
    .replace('the image as ', '')
    .replace("the paper's method", 'paper')
    .replace(/(\d+) bytes at most/, '≤ $1 B')
    .replace('a step of one RMS', 'one RMS')
    .replaceAll("'", '');
}

function lineOf(item, whole, split, top) {
  const same = whole === split;
  return [
    { type: 'image', left: 24, top, style: { image: item.canvas.toDataURL('image/png'), width: 320, height: 48 } },
    {
      type: 'text',
      left: 364,
      top: top + 15,
      style: {
        text: same ? split : `${split}   (the whole model: ${whole})`,
        fill: same ? '#222' : '#b42318',
        font: `18px ${FONT}`,
      },
    },
  ];
}

/** A round end for a logarithmic axis below or above all bytes. */
function axisEnd(rows, direction) {
  const logs = rows.map((row) => Math.log10(row.bytes));
  return direction < 0 ? 10 ** Math.floor(Math.min(...logs)) : 10 ** Math.ceil(Math.max(...logs) + 0.1);
}

const axisLabel = (value) => (value >= 1000 ? `${value / 1000} k` : `${value}`);
