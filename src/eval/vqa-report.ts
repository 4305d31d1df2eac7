// What a model answered and what people said, to look at: the worst mistakes as the model saw them, and accuracies by
// type of question.

import type { BrokenRecord } from '../data/index.ts';
import { escapeHtml, tableHtml } from '../page.ts';
import {
  type Task,
  type VqaAnnotation,
  type VqaExample,
  type VqaSource,
  vqaSoftScores,
} from '../tasks/index.ts';
import { type Findable, findExamples, showExample } from './example-pictures.ts';
import { createPictures } from './vqa-predictions.ts';

/** A question that was answered and scored. */
export interface VqaOutcome {
  readonly annotation: VqaAnnotation;
  readonly answer: string;
  /** 0 … 1 */
  readonly score: number;
  /** The model's score of its answer, of any scale; null where it gives none. */
  readonly sureness: number | null;
}

export interface MistakeSheet {
  readonly outcomes: readonly VqaOutcome[];
  readonly source: VqaSource;
  readonly task: Task<VqaExample, unknown>;
  /** How many are shown. */
  readonly examples: number;
  readonly signal: AbortSignal | undefined;
}

/** @returns HTML: the answers by which most was lost against what people agree on, the surest of them first */
export async function vqaMistakes(sheet: MistakeSheet): Promise<string> {
  const { outcomes, source, examples, signal } = sheet;
  if (examples === 0) return '';
  const worst = outcomes
    .map((outcome) => ({ ...outcome, lost: bestScore(outcome.annotation) - outcome.score }))
    .filter(({ lost }) => lost > 0)
    .sort((a, b) => b.lost - a.lost || (b.sureness ?? 0) - (a.sureness ?? 0))
    .slice(0, examples);
  if (worst.length === 0) return '';
  const keyOf = ({ annotation }: VqaOutcome): string => String(annotation.question_id);
  const seen = await findExamples(drawn(sheet), worst.map(keyOf), undefined, signal);
  const questionOf = new Map(source.questions.map(({ question_id, question }) => [question_id, question]));
  const figures = worst.map((outcome) => {
    const { annotation, answer, score } = outcome;
    const question = escapeHtml(questionOf.get(annotation.question_id) ?? '');
    const said = `${question} <b>${escapeHtml(answer)}</b> (${(100 * score).toFixed(0)} %)`;
    const people = `people: ${escapeHtml(peopleSaid(annotation))}`;
    return `<figure>${showExample(seen.get(keyOf(outcome)))}<figcaption>${said}<br>${people}</figcaption></figure>`;
  });
  return `<h2>Worst mistakes</h2><div class="examples wrong">${figures.join('')}</div>`;
}

function bestScore(annotation: VqaAnnotation): number {
  return Math.max(...vqaSoftScores(annotation).values());
}

/** Answers that are told of a question. */
const MOST_ANSWERS = 3;

/** `yes × 7, no × 3`, the most frequent first. */
function peopleSaid({ answers }: VqaAnnotation): string {
  const counts = new Map<string, number>();
  for (const { answer } of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const sorted = [...counts].sort(([, m], [, n]) => n - m);
  const shown = sorted.slice(0, MOST_ANSWERS).map(([answer, count]) => `${answer} × ${count}`);
  return `${shown.join(', ')}${sorted.length > MOST_ANSWERS ? ', …' : ''}`;
}

/** The examples of the source as the model sees them, the question on the picture. */
async function* drawn({ source, task, signal }: MistakeSheet): AsyncGenerator<Findable | BrokenRecord> {
  const pictures = createPictures();
  for await (const reference of source.references(signal)) {
    if ('kind' in reference) {
      yield reference;
      continue;
    }
    yield {
      key: reference.key,
      async load(abort) {
        const picture = await pictures.of(reference, abort);
        return 'kind' in picture ? picture : task.raster({ ...reference, picture });
      },
    };
  }
}

export interface TypeAccuracy {
  readonly type: string;
  readonly count: number;
  /** 0 … 1 */
  readonly accuracy: number;
}

/** @returns HTML, the worst first */
export function vqaTypeTable(title: string, types: readonly TypeAccuracy[]): string {
  const rows = [...types]
    .sort((a, b) => a.accuracy - b.accuracy || b.count - a.count)
    .map(({ type, count, accuracy }) => [type, `${(100 * accuracy).toFixed(1)} %`, String(count)]);
  return `<h2>${title}</h2>${tableHtml([['type', 'accuracy', 'questions'], ...rows])}`;
}
