// A training to look at: start, stop, begin anew, the loss as it falls, and what the model takes unseen shapes for.

import { askWorker, isAbort } from '../ask-worker.ts';
import { byId, make, messageOf, paint } from '../dom.ts';
import type { EngineName, Guess, TrainingJobs, TrainingNews } from '../protocol.ts';

const startButton = byId('train-start', HTMLButtonElement);
const stopButton = byId('train-stop', HTMLButtonElement);
const forgetButton = byId('train-forget', HTMLButtonElement);
const figures = byId('train-figures', HTMLElement);
const curve = byId('curve', SVGSVGElement);
const list = byId('guesses', HTMLUListElement);
const report = byId('train-report', HTMLElement);

/** Enough to see it learn. */
const STEPS = 1000;
const LOOK_EVERY = 20;

/** @param engine - the one that is chosen on the page */
export function startTraining(engine: () => EngineName): void {
  const losses: TrainingNews[] = [];
  let controller: AbortController | undefined;
  let ask: ReturnType<typeof openWorker> | undefined;
  let used: EngineName | undefined;

  const hear = (news: TrainingNews): void => {
    if (news.guesses === undefined) losses.push(news);
    else showGuesses(news.guesses, news);
    showFigures(losses);
  };
  const busy = (is: boolean): void => {
    startButton.disabled = is;
    stopButton.disabled = !is;
    forgetButton.disabled = is || losses.length === 0;
    startButton.textContent = losses.length === 0 ? 'Start' : 'Go on';
  };

  startButton.addEventListener('click', async () => {
    if (used !== undefined && used !== engine()) losses.length = 0; // another engine begins anew
    used = engine();
    controller = new AbortController();
    ask ??= openWorker();
    report.textContent = 'Learning …';
    busy(true);
    stopButton.focus();
    try {
      const { step } = await ask(
        'train',
        { engine: used, steps: STEPS, lookEvery: LOOK_EVERY },
        { signal: controller.signal, onNews: (news) => hear(news as TrainingNews) }, // it says nothing else
      );
      report.textContent = `Stopped after ${step} steps. ${namedRightly}`;
    } catch (error) {
      if (!isAbort(error)) report.textContent = messageOf(error);
    }
    busy(false);
    startButton.focus();
  });
  stopButton.addEventListener('click', () => controller?.abort());
  forgetButton.addEventListener('click', async () => {
    await ask?.('forget', {});
    losses.length = 0;
    namedRightly = '';
    list.replaceChildren();
    report.textContent = 'Forgotten. The next start begins from nothing.';
    showFigures(losses);
    busy(false);
  });
}

function openWorker() {
  const worker = new Worker(new URL('../worker/training-worker.ts', import.meta.url), {
    type: 'module',
    name: 'training',
  });
  return askWorker<TrainingJobs>(worker);
}

let namedRightly = '';

function showGuesses(guesses: readonly Guess[], { accuracy = 0 }: TrainingNews): void {
  namedRightly = `It names ${(100 * accuracy).toFixed(0)} % of unseen shapes rightly; guessing would be 4 %.`;
  report.textContent = namedRightly;
  list.replaceChildren(
    ...guesses.map(({ pixels, label, guess, score }) => {
      const canvas = make('canvas');
      canvas.role = 'img';
      paint(canvas, pixels, label);
      const right = guess === label;
      return make(
        'li',
        right ? {} : { className: 'wrong' },
        canvas,
        make('span', {}, `${right ? '✓' : '✗'} ${guess}`),
        make('span', { className: 'score' }, `${(100 * score).toFixed(0)} %`),
      );
    }),
  );
}

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [600, 300, 44, 28];

function showFigures(losses: readonly TrainingNews[]): void {
  const last = losses.at(-1);
  if (last === undefined) {
    curve.replaceChildren();
    curve.setAttribute('aria-label', 'Loss: no step yet');
    figures.textContent = '';
    return;
  }
  figures.textContent = `step ${last.step} · loss ${last.loss.toFixed(2)} · ${last.stepMs.toFixed(0)} ms a step`;
  const steps = Math.max(50, last.step);
  const most = 1.15 * Math.max(last.chance, ...losses.slice(0, 20).map(({ loss }) => loss));
  const x = (step: number): number => LEFT + ((WIDTH - LEFT - 8) * step) / steps;
  const y = (loss: number): number => (HEIGHT - BOTTOM) * (1 - Math.min(most, loss) / most) + 4;
  const path = losses
    .map(({ step, loss }, i) => `${i === 0 ? 'M' : 'L'}${x(step).toFixed(1)} ${y(loss).toFixed(1)}`)
    .join('');
  const ticks = [0, Math.round(most / 2), Math.floor(most)];
  curve.replaceChildren(
    shape('line', { class: 'chance', x1: LEFT, x2: WIDTH - 8, y1: y(last.chance), y2: y(last.chance) }),
    shape('path', { class: 'loss', d: path }),
    ...ticks.map((tick) =>
      shape('text', { x: LEFT - 10, y: y(tick) + 5, 'text-anchor': 'end' }, String(tick)),
    ),
    shape('text', { x: WIDTH - 8, y: HEIGHT - 6, 'text-anchor': 'end' }, `${last.step} steps`),
  );
  curve.setAttribute(
    'aria-label',
    `Loss ${last.loss.toFixed(2)} after ${last.step} steps; guessing gives ${last.chance.toFixed(2)}`,
  );
}

function shape(name: string, attributes: Readonly<Record<string, string | number>>, text = ''): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  return element;
}
