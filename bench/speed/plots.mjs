// The pictures of the speed bench: latency against the size of a tensor, and the peers' speeds as bars.
import * as echarts from 'echarts';
import { geometricMean } from './timings.mjs';

const FONT = 'Helvetica, Arial, sans-serif';
const COLOURS = { native: ['#cf222e', '#e16f24', '#57606a', '#a16207'], WASM: ['#1f6feb', '#0e7490'] };

function draw(width, height, option) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: '#ffffff', textStyle: { fontFamily: FONT }, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

/** `curves` as the study of sizes gives them: latency of both ways, and nanoseconds a value below. */
export function latencyPlot(curves, subtitle) {
  const measures = [
    ['µs, encode + decode', ({ encode, decode }) => (encode.best + decode.best) / 1000],
    ['ns a value', ({ values, encode, decode }) => (encode.best + decode.best) / values],
  ];
  const seen = { native: 0, WASM: 0 };
  const lines = curves.map((curve) => ({ ...curve, colour: COLOURS[curve.host][seen[curve.host]++] }));
  const places = [76, 560];
  return draw(1080, 520, {
    title: { text: 'Latency against the size of a tensor', subtext: subtitle, left: 20, top: 12 },
    legend: { bottom: 8, textStyle: { fontSize: 11 } },
    grid: places.map((left) => ({ left, top: 92, width: 430, height: 330 })),
    xAxis: measures.map((_, gridIndex) => ({
      type: 'log',
      // A tick every four powers of two.
      logBase: 16,
      gridIndex,
      name: 'values',
      nameLocation: 'middle',
      nameGap: 26,
      min: curves[0].points[0].values,
      max: curves[0].points.at(-1).values,
      axisLabel: { formatter: (v) => `2^${Math.round(Math.log2(v))}` },
      minorSplitLine: { show: false },
    })),
    yAxis: measures.map(([name], gridIndex) => ({ type: 'log', gridIndex, name })),
    series: measures.flatMap(([, value], index) =>
      lines.map(({ codec, host, points, colour }) => ({
        name: `${codec.split(':')[0]}, ${host}`,
        type: 'line',
        xAxisIndex: index,
        yAxisIndex: index,
        symbol: 'circle',
        symbolSize: 5,
        color: colour,
        lineStyle: {
          width: codec.startsWith('slicer') ? 2.5 : 1.5,
          type: codec.startsWith('slicer') ? 'solid' : 'dashed',
        },
        data: points.map((p) => [p.values, value(p)]),
      })),
    ),
  });
}

/** Rows of one set of frames: megabytes a second of every codec, geometric means over the tensors, by best times. */
export function peersPlot(rows, subtitle) {
  const keys = [...new Set(rows.map((row) => `${row.codec} | ${row.host}`))].filter(
    (key) => !/^SZ3, (?!smallest)/.test(key),
  );
  const bars = keys.map((key) => {
    const [codec, host] = key.split(' | ');
    const own = rows.filter((row) => row.codec === codec && row.host === host);
    const speed = (way) => geometricMean(own.map((row) => (4000 * row.values) / row[way].best));
    const bits = geometricMean(own.map((row) => (8 * row.bytes) / row.values));
    return { name: `${codec}, ${host} (${bits.toFixed(2)} bits)`, ours: codec.startsWith('slicer'), speed };
  });
  bars.sort((a, b) => a.speed('decode') - b.speed('decode'));
  const ways = ['encode', 'decode'];
  return draw(1080, 150 + 30 * bars.length, {
    title: { text: 'Speed beside the peers, MB of fp32 a second', subtext: subtitle, left: 20, top: 12 },
    grid: [
      { left: 330, top: 116, width: 320, height: 30 * bars.length },
      { left: 710, top: 116, width: 320, height: 30 * bars.length },
    ],
    xAxis: ways.map((name, gridIndex) => ({
      type: 'log',
      gridIndex,
      name,
      nameLocation: 'middle',
      nameGap: 24,
      min: 1,
      position: 'top',
    })),
    yAxis: ways.map((_, gridIndex) => ({
      type: 'category',
      gridIndex,
      data: bars.map(({ name }) => name),
      axisLabel: { show: gridIndex === 0 },
    })),
    series: ways.map((way, index) => ({
      type: 'bar',
      xAxisIndex: index,
      yAxisIndex: index,
      barWidth: 16,
      label: { show: true, position: 'right', formatter: ({ value }) => Math.round(value) },
      data: bars.map(({ ours, speed }) => ({
        value: speed(way),
        itemStyle: { color: ours ? COLOURS.native[0] : COLOURS.native[2] },
      })),
    })),
  });
}
