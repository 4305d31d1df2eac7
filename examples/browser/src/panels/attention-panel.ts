// What in a text or a picture counts: a coloured map over what the model reads, and for a text each letter.

import { isAbort } from '../ask-worker.ts';
import { byId, make, messageOf, paint } from '../dom.ts';
import type { AskModel } from '../model-client.ts';
import type { Attention } from '../protocol.ts';

const form = byId('attention-form', HTMLFormElement);
const canvas = byId('overlay', HTMLCanvasElement);
const report = byId('attention-report', HTMLElement);
const letters = byId('letters', HTMLOListElement);

/** Letters that are shown; a model reads hardly more. */
const MOST_LETTERS = 120;

/** @param text - what is written in the search field */
export function startAttention(ask: AskModel, text: () => string): void {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const answers = new FormData(form);
    const subject = answers.get('subject') === 'picture' ? 'picture' : 'text';
    const method = answers.get('method') === 'occlusion' ? 'occlusion' : 'attention';
    report.textContent = 'Looking …';
    try {
      const seen = await ask('attend', { subject, text: text(), method });
      showMap(seen, subject === 'text' ? `“${text().slice(0, 100)}”` : 'the picture', method);
    } catch (error) {
      if (!isAbort(error)) report.textContent = messageOf(error);
    }
  });
}

function showMap({ overlay, letters: values, cosine }: Attention, what: string, method: string): void {
  paint(
    canvas,
    square(overlay),
    method === 'attention' ? `Where the model looks in ${what}` : `What in ${what} counts`,
  );
  const meaning =
    method === 'attention'
      ? `Where the model looks in ${what}, from dark to bright.`
      : `Red: without it, text and picture match less. Blue: without it, they match better. Their cosine is ${cosine?.toFixed(2)}.`;
  report.textContent = meaning;
  const most = Math.max(...(values ?? []).map(({ value }) => Math.abs(value)), 1e-9);
  letters.replaceChildren(
    ...(values ?? []).slice(0, MOST_LETTERS).map(({ character, value }) => {
      const share = Math.round((100 * Math.max(0, value)) / most);
      const spoken = make('span', { className: 'unseen' }, ` ${share} %`);
      const item = make(
        'li',
        { title: `${share} % of the largest` },
        character === ' ' ? '␣' : character,
        spoken,
      );
      item.style.setProperty('--share', String(share));
      return item;
    }),
  );
  if (values === undefined) letters.replaceChildren(make('li', {}, '–'));
}

/** A text's map may be lower than wide: the rest of the board stays grey. */
function square(pixels: Attention['overlay']): Attention['overlay'] {
  const { width, height, channels, data } = pixels;
  if (height >= width) return pixels;
  const whole = new Uint8Array(width * width * channels).fill(127);
  whole.set(data);
  return { width, height: width, channels, data: whole };
}
