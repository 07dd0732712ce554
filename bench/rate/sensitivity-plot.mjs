// The sensitivity of the method to its parameters as one SVG: small multiples, and all sweeps as quality against bytes.
import * as echarts from 'echarts';

const [WIDTH, HEIGHT] = [1120, 1060];
const FONT = 'Helvetica, Arial, sans-serif';
const COLOURS = ['#1f6feb', '#d9822b', '#2da44e', '#8250df'];
const REFERENCE = '#57606a';
/** Rows of the small multiples. */
const MEASURES = [
  { key: 'bytes', name: 'bytes a frame', type: 'value' },
  { key: 'nrmse', name: 'NRMSE', type: 'value' },
  { key: 'kl', name: 'KL, nats', type: 'log' },
];
const [LEFT, TOP, CELL_WIDTH, CELL_HEIGHT, GAP_X, GAP_Y] = [76, 108, 220, 150, 40, 34];
const CURVES_TOP = TOP + MEASURES.length * (CELL_HEIGHT + GAP_Y) + 78;

const tidy = (value) => (value >= 1000 ? `${Math.round(value) / 1000}k` : `${Number(value.toPrecision(2))}`);
/** The next of 1, 2, 3 … 10 times a power of ten: a round end of an axis. */
const roundUp = (value) => {
  const unit = 10 ** Math.floor(Math.log10(value));
  return Math.ceil(value / unit) * unit;
};
const split = { lineStyle: { color: '#eee' } };

/** The whole picture as SVG text. */
export function sensitivityPlot({ cut, images, dims, centre, chosen, sweeps, searched }) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  const parts = { grid: [], xAxis: [], yAxis: [], series: [] };
  for (const [row, measure] of MEASURES.entries()) {
    for (const [column, sweep] of sweeps.entries()) addCell(parts, { row, column, measure, sweep, sweeps, chosen });
  }
  addCurves(parts, sweeps, searched, chosen);
  const fixed = `keep ${centre.keep}, blocks ${centre.blocks}, asymmetry ${centre.asymmetry}, distortion ${centre.distortion}`;
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    title: [
      {
        text: `Mode slicer: one parameter at a time, EfficientNet-Lite0 cut at ${cut}`,
        subtext: `[${dims.join(', ')}], means over ${images} images; the others stay at ${fixed}. Dashed: only { distortion: ${centre.distortion} } given.`,
        left: 24,
        top: 14,
      },
      {
        text: 'The same points: error of the network’s answers against bytes (left and down is better)',
        left: 24,
        top: CURVES_TOP - 62,
        textStyle: { fontSize: 15 },
      },
    ],
    legend: { top: CURVES_TOP - 34, left: 70, data: parts.series.filter((s) => s.name).map((s) => s.name) },
    ...parts,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

/** One parameter and one measure. */
function addCell(parts, { row, column, measure, sweep, sweeps, chosen }) {
  const index = parts.grid.length;
  const last = row === MEASURES.length - 1;
  const values = [...sweeps.flatMap((s) => s.points.map((p) => p[measure.key])), chosen[measure.key]];
  parts.grid.push({
    left: LEFT + column * (CELL_WIDTH + GAP_X),
    top: TOP + row * (CELL_HEIGHT + GAP_Y),
    width: CELL_WIDTH,
    height: CELL_HEIGHT,
  });
  parts.xAxis.push({
    type: 'category',
    gridIndex: index,
    boundaryGap: false,
    data: sweep.points.map((point) => String(point.value)),
    name: last ? `${sweep.name} (${sweep.symbol})` : '',
    nameLocation: 'middle',
    nameGap: 26,
    nameTextStyle: { fontWeight: 'bold' },
    axisLabel: { show: last, fontSize: 10, interval: 0 },
    axisTick: { show: false },
  });
  parts.yAxis.push({
    type: measure.type,
    gridIndex: index,
    // One scale a row, so that the panels can be compared.
    min: measure.type === 'log' ? 10 ** Math.floor(Math.log10(Math.min(...values))) : 0,
    max: measure.type === 'log' ? 10 ** Math.ceil(Math.log10(Math.max(...values))) : roundUp(Math.max(...values)),
    name: column === 0 ? measure.name : '',
    nameLocation: 'middle',
    nameGap: 48,
    axisLabel: { show: column === 0, formatter: tidy, fontSize: 10 },
    splitLine: split,
  });
  const colour = COLOURS[column];
  parts.series.push({
    type: 'line',
    xAxisIndex: index,
    yAxisIndex: index,
    symbol: 'circle',
    symbolSize: (_, { dataIndex }) => (sweep.points[dataIndex].value === sweep.centre ? 11 : 5),
    lineStyle: { color: colour, width: 2 },
    itemStyle: { color: colour },
    data: sweep.points.map((point) => point[measure.key]),
    markLine: {
      silent: true,
      symbol: 'none',
      // The default of 2 decimals moves the line.
      precision: 8,
      label: { show: false },
      lineStyle: { color: REFERENCE, type: 'dashed' },
      data: [{ yAxis: chosen[measure.key] }],
    },
  });
}

/** KL against bytes, a line per sweep, and the encoder's own choice of everything but the distortion. */
function addCurves(parts, sweeps, searched, chosen) {
  const index = parts.grid.length;
  parts.grid.push({ left: LEFT, top: CURVES_TOP, width: 4 * CELL_WIDTH + 3 * GAP_X, height: 300 });
  parts.xAxis.push({
    type: 'log',
    gridIndex: index,
    name: 'bytes a frame',
    nameLocation: 'middle',
    nameGap: 26,
    min: 1000,
    max: 20000,
    axisLabel: { formatter: tidy },
    splitLine: split,
  });
  parts.yAxis.push({
    type: 'log',
    gridIndex: index,
    name: 'KL, nats',
    nameLocation: 'middle',
    nameGap: 48,
    axisLabel: { formatter: tidy },
    splitLine: split,
  });
  const line = (name, colour, points, extra = {}) => ({
    type: 'line',
    name,
    xAxisIndex: index,
    yAxisIndex: index,
    symbol: 'circle',
    symbolSize: 6,
    lineStyle: { color: colour, width: 2, ...extra },
    itemStyle: { color: colour },
    data: points.map((point) => [point.bytes, point.kl]),
  });
  for (const [i, sweep] of sweeps.entries()) {
    parts.series.push(line(`${sweep.name} (${sweep.symbol})`, COLOURS[i], sweep.points));
  }
  parts.series.push(line('only distortion given', REFERENCE, searched, { type: 'dashed', width: 3 }));
  parts.series.push({
    type: 'scatter',
    xAxisIndex: index,
    yAxisIndex: index,
    symbol: 'diamond',
    symbolSize: 15,
    itemStyle: { color: REFERENCE },
    data: [[chosen.bytes, chosen.kl]],
  });
}
