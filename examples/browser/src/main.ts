// The page: one worker with the model, six panels that ask it, and what they tell one another.

import { byId } from './dom.ts';
import { type AskModel, startModel } from './model-client.ts';
import { keepForOffline } from './offline.ts';
import { switchTheme } from './page-state.ts';
import { startAttention } from './panels/attention-panel.ts';
import { startEngines } from './panels/engine-panel.ts';
import { notify, startLoading } from './panels/loading-panel.ts';
import { startMap } from './panels/map-panel.ts';
import { startOwnModel } from './panels/own-model-panel.ts';
import { startPicture } from './panels/picture-panel.ts';
import { startSearch } from './panels/search-panel.ts';
import { startTraining } from './panels/training-panel.ts';
import { inkAnew } from './pixel-text.ts';
import type { Candidate, ModelInfo } from './protocol.ts';

const about = byId('about', HTMLElement);
let candidates: readonly Candidate[] = [];

const ask: AskModel = startModel((notice, info) => {
  notify(notice);
  if (info !== undefined) anew(info);
});

const map = startMap(ask, () => candidates);
const search = startSearch(ask, notify, map.place);
const picture = startPicture(ask, search.best);
const engines = startEngines(ask, anew);
startAttention(ask, search.text);
startTraining(engines.engine);
startOwnModel(ask, (info) => {
  map.forget();
  anew(info);
});
switchTheme(byId('theme', HTMLButtonElement), () => {
  map.redraw();
  search.redraw();
  inkAnew();
});
startLoading(ask, engines.engine(), async (info) => {
  candidates = await ask('candidates', {});
  anew(info);
  await keepForOffline();
});

/** The model or its engine is another one: whatever is shown is asked for again. */
function anew(info: ModelInfo): void {
  engines.show(info);
  about.textContent = `Answers come from ${info.name}: ${info.parameters.toLocaleString('en')} weights, trained for pictures of ${info.imageSize} × ${info.imageSize} pixels. It searches ${info.candidates.toLocaleString('en')} pictures.`;
  search.refresh(candidates);
  picture.refresh();
}

// The panels are one page: going to one moves the focus there, and leaves the address to the text that is shared.
for (const link of document.querySelectorAll<HTMLAnchorElement>('nav a, .skip')) {
  link.addEventListener('click', (event) => {
    event.preventDefault();
    const panel = document.getElementById(link.hash.slice(1));
    panel?.scrollIntoView();
    panel?.focus({ preventScroll: true });
  });
}
