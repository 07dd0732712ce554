// The sensitivity study as one picture: KL against bits per value, a panel per cut and parameter.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as echarts from 'echarts';
import { MIDDLE, SWEEPS } from './sweeps.mjs';

const [PANEL_WIDTH, PANEL_HEIGHT, LEFT, TOP, GAP_X, GAP_Y] = [290, 240, 70, 110, 40, 90];
const FONT = 'Helvetica, Arial, sans-serif';

/** Writes DIR/slicer-sensitivity.svg; returns its path from the current folder. */
export function writeSensitivityPlot(folder, panels, images) {
  const cuts = [...new Set(panels.map((p) => p.cut))];
  const width = LEFT + SWEEPS.length * (PANEL_WIDTH + GAP_X);
  const height = TOP + cuts.length * (PANEL_HEIGHT + GAP_Y);
  const place = (i) => ({
    left: LEFT + (i % SWEEPS.length) * (PANEL_WIDTH + GAP_X),
    top: TOP + Math.floor(i / SWEEPS.length) * (PANEL_HEIGHT + GAP_Y),
  });
  const bits = panels.flatMap((p) => p.points.map((q) => q.bits));
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  const axis = { type: 'log', splitLine: { lineStyle: { color: '#eee' } }, nameLocation: 'middle' };
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    title: [
      {
        text: 'Mode slicer: what each parameter does on its own',
        subtext: `EfficientNet-Lite0, mean over ${images} images; the others stay at s = ${1 - MIDDLE.keep}, M = ${MIDDLE.blocks}, λ = ${MIDDLE.asymmetry}, δ = ${MIDDLE.distortion}. Grey: only δ given, the encoder chooses the rest by cost.`,
        left: LEFT,
        top: 14,
      },
      ...panels.map((panel, i) => ({
        text: `${panel.cut}: ${SWEEPS.find((s) => s.key === panel.key).label}`,
        left: place(i).left,
        top: place(i).top - 28,
        textStyle: { fontSize: 13 },
      })),
    ],
    grid: panels.map((_, i) => ({ ...place(i), width: PANEL_WIDTH, height: PANEL_HEIGHT })),
    xAxis: panels.map((_, i) => ({
      ...axis,
      gridIndex: i,
      name: 'bits per value',
      nameGap: 26,
      min: Math.min(...bits) * 0.9,
      max: Math.max(...bits) * 1.1,
      axisLabel: { formatter: (v) => `${Number(v.toPrecision(2))}` },
    })),
    yAxis: panels.map((_, i) => ({
      ...axis,
      gridIndex: i,
      name: i % SWEEPS.length === 0 ? 'KL in nats' : '',
      nameGap: 48,
      min: 0.0003,
      max: 3,
      axisLabel: { formatter: (v) => `${Number(v.toPrecision(1))}` },
    })),
    series: panels.flatMap((panel, i) => {
      const { show } = SWEEPS.find((s) => s.key === panel.key);
      const at = { type: 'line', xAxisIndex: i, yAxisIndex: i, clip: true };
      return [
        {
          ...at,
          data: panel.reference.map((p) => [p.bits, p.kl]),
          showSymbol: false,
          lineStyle: { color: '#b6bec7', width: 5 },
          z: 1,
        },
        {
          ...at,
          data: panel.points.map((p) => ({ value: [p.bits, p.kl], name: show(p.value) })),
          symbolSize: 7,
          lineStyle: { color: '#1f6feb', width: 1.5 },
          itemStyle: { color: '#1f6feb' },
          label: { show: true, formatter: '{b}', position: 'right', fontSize: 10, color: '#333' },
          labelLayout: { hideOverlap: true },
          z: 2,
        },
      ];
    }),
  });
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'slicer-sensitivity.svg');
  writeFileSync(path, `${chart.renderToSVGString()}\n`);
  chart.dispose();
  return relative(process.cwd(), path);
}
