// A picture by drop, paste or choice → labels that fit it, and the nearest words of several languages.

import { isAbort, overtaking } from '../ask-worker.ts';
import { byId, make, messageOf, paint } from '../dom.ts';
import type { AskModel } from '../model-client.ts';
import { toTransferable } from '../picture-intake.ts';
import { writeInPixels } from '../pixel-text.ts';
import type { LabelScore, NearWord } from '../protocol.ts';
import { spriteBitmap } from '../sprite.ts';

const LANGUAGES = ['en', 'de', 'fr', 'es', 'ru', 'ja', 'zh', 'ar'] as const;

const drop = byId('drop', HTMLElement);
const canvas = byId('picture-canvas', HTMLCanvasElement);
const hint = byId('drop-hint', HTMLElement);
const file = byId('picture-file', HTMLInputElement);
const report = byId('picture-report', HTMLElement);
const labels = byId('labels', HTMLTextAreaElement);
const scores = byId('label-scores', HTMLOListElement);
const nearWords = byId('near-words', HTMLElement);

export interface PicturePanel {
  /** Asks again: the engine or the model is another one. */
  refresh(): void;
}

/** @param best - the emoji that the search holds for the best */
export function startPicture(
  ask: AskModel,
  best: () => { readonly index: number; readonly name: string } | undefined,
): PicturePanel {
  let there = false;
  const fail = (error: unknown): void => {
    if (!isAbort(error)) report.textContent = messageOf(error);
  };
  const classify = overtaking(
    (list: readonly string[]) => ask('classify', { labels: list }),
    showScores,
    fail,
  );
  const look = (): void => {
    const list = labelsOf(labels.value);
    if (!there) return;
    if (list.length === 0) scores.replaceChildren(make('li', {}, 'Write at least one label.'));
    else classify(list);
  };
  const words = async (): Promise<void> => {
    nearWords.setAttribute('aria-busy', 'true');
    try {
      await showWords(ask, await ask('nearestWords', { languages: LANGUAGES }));
    } catch (error) {
      nearWords.replaceChildren(make('dt', {}, 'none'), make('dd', {}, messageOf(error)));
    }
    nearWords.removeAttribute('aria-busy');
  };
  const take = async (picture: Blob | ImageBitmap, name: string): Promise<void> => {
    report.textContent = `Reading ${name} …`;
    try {
      const { picture: given, transfer } = await toTransferable(picture, name);
      const seen = await ask('readPicture', { picture: given, name }, { transfer });
      there = true;
      hint.hidden = true;
      canvas.hidden = false;
      paint(canvas, seen.pixels, `The picture: ${name}`);
      report.textContent = `${name}, ${seen.width} × ${seen.height} pixels.`;
      look();
      await words();
    } catch (error) {
      fail(error);
    }
  };

  file.addEventListener('change', () => {
    const [chosen] = file.files ?? [];
    if (chosen !== undefined) void take(chosen, chosen.name);
    file.value = ''; // so that the same file can be chosen again
  });
  addEventListener('paste', ({ clipboardData }) => {
    const pasted = [...(clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
    if (pasted !== undefined) void take(pasted, pasted.name || 'the pasted picture');
  });
  // A picture may be dropped anywhere: what misses the frame must not replace the page.
  addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  addEventListener('dragleave', () => drop.classList.remove('over'));
  addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    const [dropped] = event.dataTransfer?.files ?? [];
    if (dropped !== undefined) void take(dropped, dropped.name);
  });
  byId('picture-hit', HTMLButtonElement).addEventListener('click', async () => {
    const hit = best();
    if (hit === undefined) report.textContent = 'There is no hit yet: type something above.';
    else await spriteBitmap(hit.index, 80).then((bitmap) => take(bitmap, hit.name), fail);
  });
  labels.addEventListener('input', look);
  return {
    refresh: () => {
      if (!there) return;
      look();
      void words();
    },
  };
}

/** Each label once: two equal ones would share what belongs to one. */
export const labelsOf = (text: string): string[] => [
  ...new Set(
    text
      .split(/[,;\n]/)
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  ),
];

function showScores(found: readonly LabelScore[]): void {
  scores.replaceChildren(
    ...found.slice(0, 12).map(({ label, score }) => {
      const meter = make('meter');
      meter.value = score;
      meter.ariaLabel = label;
      return make(
        'li',
        {},
        make('span', {}, label),
        meter,
        make('span', { className: 'figure' }, `${(100 * score).toFixed(0)} %`),
      );
    }),
  );
}

async function showWords(ask: AskModel, found: readonly NearWord[]): Promise<void> {
  const shown = found.map(({ language, word }) => make('span', { lang: language }, word));
  const languages = new Intl.DisplayNames(['en'], { type: 'language' });
  nearWords.replaceChildren(
    ...found.flatMap(({ language, score }, i) => [
      make('dt', {}, languages.of(language) ?? language),
      make('dd', {}, shown[i]!, ' ', make('span', { className: 'figure' }, score.toFixed(2))),
    ]),
  );
  await writeInPixels(ask, new Map(shown.map((element, i) => [element, found[i]!.word])));
}
