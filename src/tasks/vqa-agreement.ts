// What several people answered → how right another answer is: VQA's soft score, under which three who say the same are
// enough. It is the mean over all ways of leaving one of them out, so that one person's answer can be scored by it, too.
// Reference: Antol et al. 2015, "VQA"; GT-Vision-Lab/VQA at a013f00, `vqaEvaluation/vqaEval.py`.

import type { VqaAnnotation } from './vqa-json.ts';
import { normalizeVqaAnswer, trimVqaAnswer } from './vqa-normalize.ts';

/**
 * @param matches - people who gave the answer
 * @param people - all of them, at least one
 * @returns 0 … 1: of ten people 0, 0.3, 0.6, 0.9, 1 for 0, 1, 2, 3, 4 matches
 */
export function agreementScore(matches: number, people: number): number {
  // Whoever gave the answer is left out in `matches` of the cases; counted in thirds, which are exact.
  const thirds = matches * Math.min(3, matches - 1) + (people - matches) * Math.min(3, matches);
  return thirds / (3 * people);
}

/** The answers of one question, ready to be compared with others. */
export interface ComparableAnswers {
  readonly people: number;
  /** How many gave each of the answers. */
  readonly counts: ReadonlyMap<string, number>;
  /** An answer in the form that `counts` has. */
  readonly form: (answer: string) => string;
}

/** As the scorer compares them: where all people say the very same, it stays as they wrote it. */
export function comparableAnswers({ answers }: VqaAnnotation): ComparableAnswers {
  const said = answers.map(({ answer }) => trimVqaAnswer(answer));
  const form = new Set(said).size > 1 ? normalizeVqaAnswer : trimVqaAnswer;
  return { people: said.length, counts: countAnswers(said.map(form)), form };
}

/** @returns 0 … 1, as the official scorer has it */
export function scoreVqaAnswer(annotation: VqaAnnotation, answer: string): number {
  const { people, counts, form } = comparableAnswers(annotation);
  return agreementScore(counts.get(form(answer)) ?? 0, people);
}

/**
 * The score of each answer that somebody gave, all of them normalised: what a model is to learn, whose labels are
 * normalised, too. They differ from {@link scoreVqaAnswer} only where all people agree on what normalising would change.
 */
export function vqaSoftScores({ answers }: VqaAnnotation): Map<string, number> {
  const counts = countAnswers(answers.map(({ answer }) => normalizeVqaAnswer(answer)));
  return new Map([...counts].map(([answer, count]) => [answer, agreementScore(count, answers.length)]));
}

/** Normalised: the published one, or where there is none that of most people, of several the one that came first. */
export function mostFrequentAnswer({ multiple_choice_answer, answers }: VqaAnnotation): string {
  if (multiple_choice_answer !== undefined) return normalizeVqaAnswer(multiple_choice_answer);
  const counts = countAnswers(answers.map(({ answer }) => normalizeVqaAnswer(answer)));
  let [most, times] = ['', 0];
  for (const [answer, count] of counts) if (count > times) [most, times] = [answer, count];
  return most;
}

function countAnswers(answers: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return counts;
}
