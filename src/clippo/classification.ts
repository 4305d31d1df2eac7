// Cosines of pictures with prompts → how much of the probability falls on each label.

import { type Embeddings, similarityMatrix } from '../embeddings.ts';

/** A label and how much of the probability falls on it. */
export interface Classification {
  readonly label: string;
  /** softmax of exp(t) · cosine over all labels, 0 … 1 */
  readonly score: number;
}

/**
 * @param rows - unit vectors of what is classified
 * @param classes - unit vectors of the labels, in order
 * @param temperature - exp(t)
 * @returns for each row all labels, best first
 */
export function classifyRows(
  rows: Embeddings,
  classes: Embeddings,
  labels: readonly string[],
  temperature: number,
): Classification[][] {
  const scores = similarityMatrix(rows, classes).data;
  return Array.from({ length: rows.count }, (_, i) => {
    const cosines = scores.subarray(i * labels.length, (i + 1) * labels.length);
    const peak = cosines.reduce((a, b) => Math.max(a, b), -1);
    const weights = Array.from(cosines, (cosine) => Math.exp(temperature * (cosine - peak)));
    const total = weights.reduce((a, b) => a + b, 0);
    return labels
      .map((label, k) => ({ label, score: weights[k]! / total }))
      .sort((a, b) => b.score - a.score);
  });
}
