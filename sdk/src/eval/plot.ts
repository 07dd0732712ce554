/** The table as a picture: bytes against KL and against the task's first figure. Needs the optional peer echarts. */
import { type Echarts, loadEcharts } from '../plot/echarts.js';
import type { Row, Summary } from './summary.js';
import type { Task } from './task.js';

const [WIDTH, HEIGHT] = [1000, 470];
const FONT = 'Helvetica, Arial, sans-serif';
const COLOURS = { codec: '#cf222e', input: '#1f6feb' } as const;

/**
 * Loads echarts and gives the function that draws a summary as SVG.
 *
 * @throws SlicerError `invalid_option` where it is not installed.
 */
export async function loadPlot(): Promise<(title: string, task: Task, summary: Summary) => string> {
  const echarts = await loadEcharts();
  return (title, task, summary) => draw(echarts, title, task, summary);
}

function draw(echarts: Echarts, title: string, task: Task, { rows, items, rawBytes }: Summary): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  const shown = task.columns
    .filter(({ key }) => rows.some((row) => row.figures[key] && row.kind === 'codec'))
    .slice(0, 2);
  const points = (kind: Row['kind'], key: string, factor: number) =>
    rows
      .filter((row) => row.kind === kind && row.figures[key] && (key !== 'kl' || row.figures[key].value > 0))
      .sort((a, b) => a.bytes.value - b.bytes.value)
      .map((row) => ({ value: [row.bytes.value, factor * row.figures[key].value], name: row.label }));
  const series = shown.flatMap((column, i) =>
    (['codec', 'input'] as const).map((kind) => ({
      name: kind === 'codec' ? 'the tensor through the codec' : 'the input instead',
      type: 'scatter',
      symbol: kind === 'codec' ? 'circle' : 'rect',
      symbolSize: 8,
      color: COLOURS[kind],
      xAxisIndex: i,
      yAxisIndex: i,
      data: points(kind, column.key, column.percent ? 100 : 1),
      label: { show: true, formatter: '{b}', position: 'right', fontSize: 9, color: '#57606a' },
      labelLayout: { hideOverlap: true },
    })),
  );
  const bytes = {
    type: 'log',
    name: 'bytes an item',
    nameLocation: 'middle',
    nameGap: 26,
    minorSplitLine: { show: false },
  };
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    title: { text: title, subtext: `${items} items, ${Math.round(rawBytes)} bytes uncoded`, left: 20, top: 10 },
    legend: { right: 20, top: 14 },
    grid: shown.map((_, i) => ({ left: 70 + 490 * i, top: 96, width: 390, height: 310 })),
    xAxis: shown.map((_, i) => ({ ...bytes, gridIndex: i })),
    yAxis: shown.map(({ key, title: name, percent }, i) => ({
      type: key === 'kl' ? 'log' : 'value',
      name: percent ? `${name}, %` : name,
      gridIndex: i,
      scale: true,
    })),
    series,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
