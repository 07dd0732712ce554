// Bytes against KL and against agreement of the answers, one picture per cut.
import * as echarts from 'echarts';
import { lowerHull } from '../../sdk/dist/esm/eval/kl.js';

const [WIDTH, HEIGHT] = [1080, 560];
const FONT = 'Helvetica, Arial, sans-serif';
const OURS = ['#cf222e', '#bc4c00', '#9a3412', '#e16f24'];
const OTHERS = [
  '#1f6feb',
  '#2da44e',
  '#8250df',
  '#57606a',
  '#0e7490',
  '#a16207',
  '#be185d',
  '#4d7c0f',
  '#334155',
  '#7c3aed',
];

/**
 * Draws the rows of one cut, which are as `plain` of compare.mjs makes them.
 * @param unit what the bytes are divided by and its name, `{ by: 127, name: 'bytes a token' }`
 */
export function curvePlot(rows, { title, subtitle, target, unit = { by: 1, name: 'bytes an image' } }) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  const series = [];
  let [mine, other] = [0, 0];
  for (const row of rows) {
    const points = lowerHull(row.curves.flatMap((curve) => curve.points)).filter((p) => p.kl > 1e-5 && p.kl < 1);
    if (points.length === 0) continue;
    const colour = row.ours ? OURS[mine++ % OURS.length] : OTHERS[other++ % OTHERS.length];
    const common = {
      name: row.peer,
      type: 'line',
      symbol: row.ours ? 'circle' : 'rect',
      symbolSize: 5,
      color: colour,
      lineStyle: { width: row.ours ? 3 : 1.5, type: row.class === 'self-contained' ? 'solid' : 'dashed' },
    };
    series.push({ ...common, xAxisIndex: 0, yAxisIndex: 0, data: points.map((p) => [p.bytes / unit.by, p.kl]) });
    series.push({
      ...common,
      xAxisIndex: 1,
      yAxisIndex: 1,
      data: points.map((p) => [p.bytes / unit.by, 100 * p.agreement]),
    });
  }
  if (series.length > 0) {
    const line = { silent: true, symbol: 'none', label: { formatter: `KL ${target}` }, lineStyle: { color: '#999' } };
    series[0].markLine = { ...line, data: [{ yAxis: target }] };
  }
  const axis = { type: 'log', name: unit.name, nameLocation: 'middle', nameGap: 26, minorSplitLine: { show: false } };
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    title: { text: title, subtext: subtitle, left: 20, top: 12 },
    legend: { type: 'plain', right: 16, top: 66, width: 250, orient: 'vertical', textStyle: { fontSize: 11 } },
    grid: [
      { left: 64, top: 84, width: 340, height: 400 },
      { left: 470, top: 84, width: 320, height: 400 },
    ],
    xAxis: [
      { ...axis, gridIndex: 0 },
      { ...axis, gridIndex: 1 },
    ],
    yAxis: [
      { type: 'log', name: 'KL, nats', gridIndex: 0, min: 0.001, max: 0.3 },
      { type: 'value', name: 'same top-1, %', gridIndex: 1, scale: true, max: 100 },
    ],
    series,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
