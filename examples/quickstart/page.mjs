// What the pages of the quickstart share: their looks, and pictures that need no outside file.

import { encodePng } from 'clippo-ts/node';

const STYLE = `
  :root { color-scheme: light dark; --line: light-dark(#d8dbe0, #3a3f47); --soft: light-dark(#5b6470, #a4adb8); --accent: light-dark(#0b63ce, #6cb1ff); }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.7rem; margin-bottom: .3rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
  p { max-width: 46rem; } .soft { color: var(--soft); }
  .cards, .hits { display: flex; flex-wrap: wrap; gap: .8rem; margin: 0; padding: 0; list-style: none; }
  figure { margin: 0; width: 6.4rem; text-align: center; font-size: .8rem; line-height: 1.25; overflow-wrap: anywhere; }
  figure img { width: 4rem; height: 4rem; } .pair { display: flex; justify-content: center; align-items: center; gap: .3rem; }
  .cards figure { width: 8rem; } .pair img:first-child { width: 3.2rem; height: 3.2rem; } .text { image-rendering: pixelated; border-radius: 3px; }
  .search { display: grid; grid-template-columns: 9rem 1fr; gap: .8rem; align-items: start; border-top: 1px solid var(--line); padding: .8rem 0; }
  .search img.text { width: 8rem; height: auto; } figcaption small { color: var(--soft); }
  .bar { height: .5rem; border-radius: .25rem; background: var(--accent); } .guess { display: grid; grid-template-columns: 8rem 1fr 3rem; gap: .6rem; align-items: center; max-width: 30rem; }
  .guesses { grid-template-columns: 5rem 1fr; } .guesses > img { width: 4.5rem; height: 4.5rem; }
  svg { width: 100%; height: auto; max-width: 46rem; } @media (max-width: 34rem) { .search { grid-template-columns: 1fr; } }
`;

export function htmlPage(title, body) {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${STYLE}</style>
${body}
</html>
`;
}

/** One search: the query as the model sees it, and what it found: [{ emoji: { svg, name }, score }]. */
export function searchRow({ query, drawn, note = '', hits }) {
  const found = hits.map(
    ({ emoji, score }) =>
      `<figure>${picture(emoji)}<figcaption>${escapeHtml(emoji.name)}<br><small>${score.toFixed(2)}</small></figcaption></figure>`,
  );
  return `<div class="search"><div>${textPicture(drawn, query)}<br>“<bdi>${escapeHtml(query)}</bdi>” <small class="soft">${escapeHtml(note)}</small></div><div class="hits">${found.join('')}</div></div>`;
}

export function picture({ svg, name }) {
  return `<img alt="${escapeHtml(name)}" src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}">`;
}

export function textPicture(raster, text) {
  const png = Buffer.from(encodePng(raster)).toString('base64');
  return `<img class="text" alt="“${escapeHtml(text)}” drawn as the model sees it" src="data:image/png;base64,${png}">`;
}

export function escapeHtml(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}
