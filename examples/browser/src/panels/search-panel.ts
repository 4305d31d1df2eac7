// What is typed → its pixels and the emoji it finds, with every keystroke. The newest question overtakes those that still wait.

import { overtaking } from '../ask-worker.ts';
import { byId, make, messageOf } from '../dom.ts';
import type { AskModel } from '../model-client.ts';
import { keepInAddress, textInAddress } from '../page-state.ts';
import { writeInPixels } from '../pixel-text.ts';
import type { Candidate, SearchResult } from '../protocol.ts';
import { sprite } from '../sprite.ts';
import { showDrawing } from './pixels-panel.ts';

/** The first is four times as large: with it they fill rows of three and of five. */
const COUNT = 12;

const query = byId('query', HTMLTextAreaElement);
const list = byId('hits', HTMLOListElement);
const timing = byId('timing', HTMLElement);
const spoken = byId('spoken', HTMLElement);

export interface SearchPanel {
  /** What is written in the field. */
  text(): string;
  /** The best hit of the last search. */
  best(): { readonly index: number; readonly name: string } | undefined;
  /** Draws the pixels again, in the colours of now. */
  redraw(): void;
  /** Asks again: there is a model now, or another one. */
  refresh(candidates: readonly Candidate[]): void;
}

/** @param fail - shows what went wrong @param changed - told of each text that has been answered */
export function startSearch(
  ask: AskModel,
  fail: (message: string) => void,
  changed: (text: string) => void,
): SearchPanel {
  let candidates: readonly Candidate[] = [];
  let best: SearchResult['hits'][number] | undefined;

  const draw = overtaking(
    (text: string) => ask('draw', { text }),
    showDrawing,
    (error) => fail(messageOf(error)),
  );
  const search = overtaking(
    async (text: string) => {
      const started = performance.now();
      return { result: await ask('search', { text, count: COUNT }), started };
    },
    ({ result, started }, text) => {
      best = result.hits[0];
      showHits(result, candidates);
      const total = performance.now() - started;
      timing.textContent = `${total.toFixed(0)} ms, of which ${result.encodeMs.toFixed(0)} in the network`;
      list.dataset.answers = text; // so that one can tell which text the hits are of
      speak(text, result, candidates);
      changed(text);
    },
    (error) => fail(messageOf(error)),
  );

  const update = (): void => {
    fit();
    keepInAddress(query.value);
    draw(query.value);
    if (candidates.length === 0) return;
    if (query.value.trim() === '') clear();
    else search(query.value);
  };
  const clear = (): void => {
    best = undefined;
    list.replaceChildren();
    delete list.dataset.answers;
    timing.textContent = '';
    speakLater(`Type something to search ${candidates.length} emoji.`);
  };

  query.addEventListener('input', update);
  const examples = new Map(
    [...document.querySelectorAll<HTMLButtonElement>('.chips button')].map((button) => [
      button,
      button.textContent ?? '',
    ]),
  );
  for (const [button, text] of examples) {
    button.addEventListener('click', () => {
      query.value = text;
      update();
    });
  }
  writeInPixels(ask, examples).catch(() => {}); // they can be read as they are
  addEventListener('hashchange', () => {
    const text = textInAddress();
    if (text === undefined || text === query.value) return;
    query.value = text;
    update();
  });
  query.value = textInAddress() ?? 'sunflower';
  update();

  return {
    text: () => query.value,
    redraw: () => draw(query.value),
    best: () => best && { index: best.index, name: candidates[best.index]!.name },
    refresh: (known) => {
      candidates = known;
      update();
    },
  };
}

/** The field grows with its text. */
function fit(): void {
  query.style.height = 'auto';
  query.style.height = `${query.scrollHeight + 2}px`;
}

function showHits({ hits }: SearchResult, candidates: readonly Candidate[]): void {
  list.replaceChildren(
    ...hits.map(({ index, score }) =>
      make(
        'li',
        { className: 'hit' },
        sprite(index),
        make('span', { className: 'name' }, candidates[index]!.name),
        make('span', { className: 'score', title: 'Cosine of the two vectors' }, score.toFixed(2)),
      ),
    ),
  );
}

function speak(text: string, { hits }: SearchResult, candidates: readonly Candidate[]): void {
  const first = hits.slice(0, 3).map(({ index, score }) => `${candidates[index]!.name} ${score.toFixed(2)}`);
  speakLater(`For “${text.slice(0, 80)}”: ${first.join(', ')}.`);
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** When typing pauses: nobody wants every keystroke read out. */
function speakLater(sentence: string): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    spoken.textContent = sentence;
  }, 700);
}
