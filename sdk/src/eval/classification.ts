/** Classification: agreement and KL first, top-1 and top-5 where labels are known. */
import type { Logits, Reference } from './kl.js';
import { Mismatch } from './mismatch.js';

/** What one answer is worth. */
export interface ClassificationResult {
  readonly kl: number;
  readonly agreement: number;
  /** 1 or 0, where the label is known. */
  readonly top1?: number;
  readonly top5?: number;
}

/** Compares logits with the unsplit network's, and with the label. */
export function classify(reference: Reference, logits: Logits, label?: number): ClassificationResult {
  const { kl, agreement } = reference.compare(logits);
  return label === undefined ? { kl, agreement } : { kl, agreement, ...ranks(logits, label) };
}

/** Whether the label is the top class, and among the top five; of equal logits the first counts as higher. */
export function ranks(logits: Logits, label: number): { top1: number; top5: number } {
  if (!(Number.isInteger(label) && label >= 0 && label < logits.length)) {
    throw new Mismatch(`label ${label} is none of ${logits.length} classes`);
  }
  let above = 0;
  for (let i = 0; i < logits.length; i++) {
    if (logits[i] > logits[label] || (logits[i] === logits[label] && i < label)) above++;
  }
  return { top1: Number(above < 1), top5: Number(above < 5) };
}
