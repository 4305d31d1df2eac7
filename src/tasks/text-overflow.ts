// Examples as a task draws them → how much of their text is on the pictures: what does not fit is invisible to the
// model, whichever way it was trained.

import type { BrokenRecord } from '../data/index.ts';
import type { DrawnTexts } from './draw-texts.ts';
import type { Task } from './task.ts';

/** A task whose pictures have text on them. */
export interface TextTask<Example, Target = number> extends Task<Example, Target> {
  /** What `raster` gives, with a count of what did not fit. */
  draw(example: Example): Promise<DrawnTexts>;
}

/** How much of the texts does not fit on the canvas. */
export interface TextOverflow {
  readonly examples: number;
  /** Of these, the ones of which something did not fit. */
  readonly cut: number;
  /** Code points of all of them. */
  readonly characters: number;
  /** Of these, the ones that did not fit. */
  readonly dropped: number;
}

/** Examples between two looks at the clock and the signal. */
const EXAMPLES_A_TURN = 256;

/**
 * @param examples - such that could not be read are passed over
 * @throws the signal's reason when aborted
 * @example
 * const { cut, examples } = await textOverflow(glue('qnli', { size: 224 }), dev.records());
 * console.log(`${cut} of ${examples} lose something`);
 */
export async function textOverflow<Example extends object>(
  task: Pick<TextTask<Example>, 'draw'>,
  examples: AsyncIterable<Example | BrokenRecord> | Iterable<Example | BrokenRecord>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<TextOverflow> {
  const { signal } = options;
  let [count, cut, characters, dropped] = [0, 0, 0, 0];
  for await (const example of examples) {
    if (count % EXAMPLES_A_TURN === 0) await new Promise((resolve) => setTimeout(resolve)); // for the page
    signal?.throwIfAborted();
    if (isBroken(example)) continue;
    const { characterCount, droppedCharacters } = await task.draw(example);
    count++;
    characters += characterCount;
    dropped += droppedCharacters;
    if (droppedCharacters > 0) cut++;
  }
  return { examples: count, cut, characters, dropped };
}

function isBroken(example: object): example is BrokenRecord {
  return 'kind' in example && example.kind === 'broken';
}
