// After how many frames a profile has paid for itself: bytes a frame, its share of the profile included, over what the best
// self-contained setting takes at the same quality.
import * as echarts from 'echarts';

const [WIDTH, HEIGHT] = [860, 480];
const FONT = 'Helvetica, Arial, sans-serif';
const COLOURS = ['#cf222e', '#1f6feb', '#2da44e', '#8250df', '#a16207', '#0e7490', '#be185d'];
const FRAMES = Array.from({ length: 51 }, (_, i) => 10 ** (i / 10));

/** Cuts of one set with their best rows of both classes: `{ cut, bytes, profileBytes, plain }`, in bytes a frame. */
export function breakEven(rows, target) {
  const best = (cut, rowClass) =>
    rows
      .filter((r) => r.cut === cut && r.peer.ours && r.peer.class === rowClass && r.readings[target].bytes)
      .sort((a, b) => a.readings[target].bytes - b.readings[target].bytes)[0];
  return [...new Set(rows.map((row) => row.cut))].flatMap((cut) => {
    const [plain, calibrated] = [best(cut, 'self-contained'), best(cut, 'calibrated')];
    if (!plain || !calibrated || calibrated.peer.profileBytes === undefined) return [];
    const [own, other] = [calibrated, plain].map((row) => row.readings[target].bytes);
    const { profileBytes } = calibrated.peer;
    return [
      {
        cut,
        bytes: own,
        plain: other,
        profileBytes,
        frames: own < other ? profileBytes / (other - own) : Number.POSITIVE_INFINITY,
      },
    ];
  });
}

/** The picture of what `breakEven` found. */
export function breakEvenPlot(cuts, { title, subtitle }) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  const series = cuts.map(({ cut, bytes, plain, profileBytes, frames }, i) => ({
    name: Number.isFinite(frames) ? `${cut}: after ${Math.ceil(frames)} frames` : `${cut}: never`,
    type: 'line',
    symbol: 'none',
    color: COLOURS[i % COLOURS.length],
    lineStyle: { width: 2.5 },
    data: FRAMES.map((n) => [n, (bytes + profileBytes / n) / plain]),
  }));
  if (series.length > 0) {
    const label = { formatter: 'without a profile', position: 'insideStartBottom' };
    series[0].markLine = { silent: true, symbol: 'none', label, lineStyle: { color: '#666' }, data: [{ yAxis: 1 }] };
  }
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    title: { text: title, subtext: subtitle, left: 20, top: 12 },
    legend: { right: 16, top: 84, orient: 'vertical', textStyle: { fontSize: 11 } },
    grid: { left: 64, top: 84, width: 560, height: 330 },
    xAxis: { type: 'log', name: 'frames that share the profile', nameLocation: 'middle', nameGap: 26 },
    yAxis: { type: 'log', name: 'bytes a frame ÷ without', min: 0.5, max: 4 },
    series,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
