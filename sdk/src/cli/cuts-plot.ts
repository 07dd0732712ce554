/** The survey of a model as a picture: bytes against compute, and where in the tensors zeros and large values lie. */
import type { CellMap, Survey, SurveyedCut } from '../onnx/index.js';
import { type Echarts, loadEcharts } from '../plot/echarts.js';

const WIDTH = 1080;
const CHART = { left: 84, top: 92, width: 940, height: 360 };
const MAP = { top: 552, side: 104, gap: 14, row: 150 };
/** Cuts whose maps are drawn. */
const MAPPED = 8;
const FONT = 'Helvetica, Arial, sans-serif';

/** Loads echarts, an optional peer, and gives the function that draws a survey as SVG. */
export async function loadPlot(): Promise<(survey: Survey, model: string) => string> {
  const echarts = await loadEcharts();
  return (survey, model) => draw(echarts, survey, model);
}

function draw(echarts: Echarts, survey: Survey, model: string): string {
  const mapped = mappedCuts(survey);
  const height = mapped.length > 0 ? MAP.top + 2 * MAP.row + 20 : 520;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  const maps = mapped.flatMap((cut, i) => [
    mapOf(cut.tensors[0].statistics!.magnitudeMap, i, 0, true),
    mapOf(cut.tensors[0].statistics!.zeroMap, i, 1, false),
  ]);
  const at = (k: number) => ({ xAxisIndex: k + 1, yAxisIndex: k + 1 });
  const share = (cut: SurveyedCut) => (survey.macs === 0 ? 0 : (100 * cut.macsBefore) / survey.macs);
  const points = (cuts: readonly SurveyedCut[]) =>
    cuts.filter((cut) => cut.bytes > 0).map((cut) => ({ name: cut.name, value: [share(cut), cut.bytes] }));
  const single = survey.cuts.filter((cut) => cut.tensors.length === 1);
  const front = survey.cuts.filter((cut) => cut.onFront).sort((a, b) => a.macsBefore - b.macsBefore);
  const titled = mapped.map((cut, i) => ({
    text: shorten(cut.name),
    left: place(i) - 2,
    top: MAP.top - 18,
    textStyle: { fontSize: 11, fontWeight: 'normal' },
  }));
  const side = (text: string, row: number) => ({
    text,
    left: 10,
    top: MAP.top + row * MAP.row + MAP.side / 2 - 14,
    textStyle: { fontSize: 11, fontWeight: 'normal', width: 60, overflow: 'break' },
  });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    title: [
      {
        text: `${model.split(/[\\/]/).at(-1)}: ${survey.cuts.length} cuts`,
        subtext: `input ${survey.inputBytes} bytes; what crosses, uncompressed, against the share of the compute before the cut`,
        left: 20,
        top: 12,
      },
      ...titled,
      ...(mapped.length > 0 ? [side('mean |x|', 0), side('share of zeros', 1)] : []),
    ],
    legend: { right: 20, top: 16 },
    grid: [CHART, ...maps.map((map) => map.grid)],
    xAxis: [
      { type: 'value', name: '% of the compute before the cut', nameLocation: 'middle', nameGap: 28, min: 0, max: 100 },
      ...maps.map((map) => map.xAxis),
    ].map((axis, i) => ({ ...axis, gridIndex: i })),
    yAxis: [{ type: 'log', name: 'bytes' }, ...maps.map((map) => map.yAxis)].map((axis, i) => ({
      ...axis,
      gridIndex: i,
    })),
    visualMap: maps.map((map, k) => ({ ...map.visual, seriesIndex: 3 + k })),
    series: [
      {
        name: 'one tensor',
        type: 'line',
        step: 'end',
        symbolSize: 5,
        color: '#57606a',
        lineStyle: { width: 1, opacity: 0.5 },
        data: points(single),
      },
      {
        name: 'several tensors',
        type: 'scatter',
        symbol: 'emptyCircle',
        symbolSize: 5,
        color: '#1f6feb',
        data: points(survey.cuts.filter((cut) => cut.tensors.length > 1)),
      },
      {
        name: 'front',
        type: 'line',
        symbolSize: 8,
        color: '#cf222e',
        label: { show: true, position: 'top', fontSize: 10, formatter: '{b}', color: '#24292f', textBorderWidth: 0 },
        labelLayout: { hideOverlap: true },
        data: points(front),
      },
      ...maps.map((map, k) => ({ ...map.series, ...at(k) })),
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

/** Cuts whose maps are shown: those of the front, filled up evenly with others. */
function mappedCuts(survey: Survey): SurveyedCut[] {
  const known = survey.cuts.filter((cut) => cut.tensors.length === 1 && cut.tensors[0].statistics);
  const front = known.filter((cut) => cut.onFront);
  const rest = known.filter((cut) => !cut.onFront);
  const wanted = Math.max(0, MAPPED - front.length);
  const others = rest.filter(
    (_, i) => Math.floor((i * wanted) / rest.length) !== Math.floor(((i - 1) * wanted) / rest.length),
  );
  return [...front.slice(0, MAPPED), ...others.slice(0, wanted)].sort((a, b) => a.node - b.node);
}

const place = (i: number) => 84 + i * (MAP.side + MAP.gap);

function mapOf(map: CellMap, column: number, row: number, scaled: boolean) {
  const most = scaled ? Math.max(...map.flat(), Number.MIN_VALUE) : 1;
  const hidden = { type: 'category', show: false };
  const high = map.length;
  const wide = map[0]?.length ?? 0;
  return {
    grid: {
      left: place(column),
      top: MAP.top + row * MAP.row,
      width: MAP.side,
      height: MAP.side,
      show: true,
      borderColor: '#d0d7de',
    },
    xAxis: { ...hidden, data: Array.from({ length: wide }, (_, i) => i) },
    yAxis: { ...hidden, inverse: true, data: Array.from({ length: high }, (_, i) => i) },
    visual: {
      show: false,
      min: 0,
      max: most,
      dimension: 2,
      inRange: { color: scaled ? ['#ffffff', '#fdae61', '#cf222e', '#3b0a0a'] : ['#ffffff', '#9ecae1', '#08306b'] },
    },
    series: { type: 'heatmap', data: map.flatMap((line, y) => line.map((value, x) => [x, y, value])) },
  };
}

function shorten(name: string): string {
  return name.length > 18 ? `…${name.slice(-17)}` : name;
}
