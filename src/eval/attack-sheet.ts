// What was taken for what, to look at: pictures whose word was believed, such whose word was not, and clean ones.

import { escapeHtml } from '../page.ts';
import type { AttackItem } from './attack-items.ts';
import { showExample, spread } from './example-pictures.ts';

/** A picture that was classified. */
export interface AttackOutcome {
  readonly item: AttackItem;
  /** Which of the item's pictures it is. */
  readonly picture: number;
  /** Class indices: what is to be seen, what is written (null: nothing), and what it was taken for. */
  readonly label: number;
  readonly written: number | null;
  readonly prediction: number;
}

/**
 * @param examples - how many of each kind
 * @returns HTML; a picture is framed when its word was believed
 */
export async function attackSheet(
  outcomes: readonly AttackOutcome[],
  classes: readonly string[],
  examples: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  const name = (k: number): string => escapeHtml(classes[k]!);
  const figure = async ({ item, picture, label, written, prediction }: AttackOutcome): Promise<string> => {
    const pictures = await item.load(signal);
    const shown = 'kind' in pictures ? undefined : pictures[picture]; // it may be gone since it was embedded
    const truth = prediction === label ? '' : `<br>is ${name(label)}`;
    const text = written === null ? '' : `<br>says ${name(written)}`;
    const kind = `${prediction === label ? 'right' : 'wrong'}${prediction === written ? ' deceived' : ''}`;
    return `<figure class="${kind}">${showExample(shown)}<figcaption><b>${name(prediction)}</b>${truth}${text}</figcaption></figure>`;
  };
  const section = async (title: string, isShown: (outcome: AttackOutcome) => boolean): Promise<string> => {
    const figures: string[] = [];
    for (const outcome of spread(outcomes.filter(isShown), examples)) figures.push(await figure(outcome));
    return figures.length === 0 ? '' : `<h2>${title}</h2><div class="examples">${figures.join('')}</div>`;
  };
  const isBelieved = ({ written, prediction }: AttackOutcome): boolean => prediction === written;
  return [
    await section('The word was believed', isBelieved),
    await section('The word was not believed', (outcome) => outcome.written !== null && !isBelieved(outcome)),
    await section('Without a word', ({ written }) => written === null),
  ].join('');
}
