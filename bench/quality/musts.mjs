// What had to be shown: few bytes at a small KL, and an accuracy loss whose interval stays below a bound.
import { must } from '../rate/report.mjs';

export const KL = 0.02;
export const LOSS = 0.015;

/** The row with the fewest bytes among those of the codec at or below a KL. */
export function bestAt(rows, kl = KL) {
  const within = rows.filter((row) => row.kind === 'codec' && row.label !== 'uncoded' && row.figures.kl?.value <= kl);
  return within.reduce(
    (best, row) => (best === undefined || row.bytes.value < best.bytes.value ? row : best),
    undefined,
  );
}

/**
 * Vision: at a setting with KL of at most 0.02, the ratio, and the upper end of the loss of top-1: that of the fewest bytes whose
 * loss stays below its bound too, or, where there is none, that of the fewest bytes.
 */
export function visionMusts(networks) {
  return networks
    .filter(({ kind }) => kind === 'vision')
    .flatMap(({ name, summary }) => {
      const row = bestAt(summary.rows.filter(({ loss }) => loss?.top1?.high <= LOSS)) ?? bestAt(summary.rows);
      if (!row) return [must(`vision ${name}: a setting with KL <= ${KL}`, 0, '>= 1')];
      const title = `vision ${name}, ${row.label}`;
      return [
        must(`${title}: KL`, row.figures.kl.value, `<= ${KL}`),
        must(`${title}: times fewer bytes than fp32`, row.ratio, '>= 15'),
        must(`${title}: loss of top-1, upper end of 95 %`, row.loss.top1.high, `<= ${LOSS}`),
      ];
    });
}

/** The text networks: bytes at a loss that stays below the bound. */
export function lossMust(kind, { rows }) {
  if (kind === 'rec') {
    const row = bestAt(rows);
    return row ? [must(`rec, ${row.label}: times fewer bytes than fp32 at KL <= ${KL}`, row.ratio, '>= 15')] : [];
  }
  const close = rows.filter((row) => row.kind === 'codec' && row.figures.map50?.low >= 0.95 && row.label !== 'uncoded');
  const best = close.reduce((a, b) => (a === undefined || b.bytes.value < a.bytes.value ? b : a), undefined);
  return [
    must(
      `det${best ? `, ${best.label}` : ''}: times fewer bytes than fp32 at mAP 0.5 >= 0.95`,
      best?.ratio ?? 0,
      '>= 15',
    ),
  ];
}
