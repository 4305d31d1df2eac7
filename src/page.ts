// The frame of every page we write: one HTML document that needs no other file, readable in light and dark.

import { toPngUrl } from './png.ts';
import type { Raster } from './raster/index.ts';

/** Colours and type that all pages share; `--accent` and `--other` tell two things apart. */
const STYLE = `
  :root { color-scheme: light dark; --line: light-dark(#d8dbe0, #3a3f47); --soft: light-dark(#5b6470, #a4adb8); --accent: light-dark(#0b63ce, #6cb1ff); --other: light-dark(#c2570c, #ffab66); }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.7rem; margin-bottom: .3rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
  .soft { color: var(--soft); } figure { margin: 0; } figcaption { font-size: .9rem; } svg { width: 100%; height: auto; }
  pre { background: light-dark(#f4f5f7, #22262c); padding: .8rem; overflow-x: auto; font-size: .85rem; } li { margin: .4rem 0; }
  table { border-collapse: collapse; } td, th { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; font-weight: normal; }
  th { color: var(--soft); } .number { text-align: right; font-variant-numeric: tabular-nums; }
  .found { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin: .5rem 0; min-height: 4rem; } .found > img { margin-right: 1rem; }
  .found img { image-rendering: pixelated; max-width: 6rem; height: auto; } .found figcaption { text-align: center; font-size: .75rem; color: var(--soft); } .own img { outline: 3px solid var(--accent); }
`;

export interface Page {
  readonly title: string;
  /** HTML; whatever comes from outside has gone through {@link escapeHtml}. */
  readonly body: string;
  /** Rules beside those all pages share. */
  readonly style?: string;
}

/** @returns a whole HTML document */
export function htmlPage({ title, body, style = '' }: Page): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}${style}</style>
<h1>${escapeHtml(title)}</h1>
${body}
</html>
`;
}

/** Text → what shows as that text within an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}

/** The same for an SVG that may stand alone: what XML cannot hold, controls and halves of characters, becomes U+FFFD. */
export function escapeXml(text: string): string {
  return escapeHtml(text.replace(/[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd'));
}

/** Cells, the first row being the head and the first column names → a table. */
export function tableHtml([head = [], ...rows]: readonly (readonly string[])[]): string {
  const cells = (list: readonly string[], tag: 'td' | 'th'): string =>
    list.map((text, i) => `<${tag}${i > 0 ? ' class="number"' : ''}>${escapeHtml(text)}</${tag}>`).join('');
  return `<table><tr>${cells(head, 'th')}</tr>${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('')}</table>`;
}

/**
 * Rules for an SVG that may stand alone and follows light and dark: what knows no light-dark() keeps the first colour.
 *
 * @param scope - class of the SVG
 */
export function lightDarkRules(
  scope: string,
  rules: readonly (readonly [selector: string, property: string, light: string, dark: string])[],
): string {
  return rules
    .map(([selector, property, light, dark]) => {
      return `.${scope} ${selector}{${property}:${light};${property}:light-dark(${light},${dark})}`;
    })
    .join('');
}

/** A Raster within the page, at its own size. */
export function pictureHtml(raster: Raster, alt = ''): string {
  return `<img src="${toPngUrl(raster)}" width="${raster.width}" height="${raster.height}" alt="${escapeHtml(alt)}">`;
}

/** A Raster, or the text itself. */
export function inputHtml(input: Raster | string): string {
  return typeof input === 'string' ? `<span>${escapeHtml(input)}</span>` : pictureHtml(input);
}

/** What was looked for, and what was found, best first; what is right is framed. @param query - HTML */
export function foundRow(
  query: string,
  hits: readonly { readonly picture: Raster | string; readonly caption: string; readonly isOwn: boolean }[],
): string {
  const found = hits.map(
    ({ picture, caption, isOwn }) =>
      `<figure${isOwn ? ' class="own"' : ''}>${inputHtml(picture)}<figcaption>${escapeHtml(caption)}</figcaption></figure>`,
  );
  return `<div class="found">${query}${found.join('')}</div>`;
}
