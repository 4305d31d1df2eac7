// The picture of a candidate as an element: a window onto its sheet, which is loaded when the window comes into sight.

import { placeOf, SHEET_SIDE, sheetName } from '../sprite-layout.ts';
import { make } from './dom.ts';
import { DATA } from './places.ts';

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting || !(target instanceof HTMLElement)) continue;
      show(target);
      seen.unobserve(target);
    }
  },
  { rootMargin: '200px' },
);

const asked = new Set<string>();

function show(element: HTMLElement): void {
  const { sheet = '' } = element.dataset;
  asked.add(sheet);
  element.style.backgroundImage = `url("${sheet}")`;
}

/** Decoration: the name stands beside it. */
export function sprite(index: number): HTMLElement {
  const { sheet, column, row } = placeOf(index);
  const element = make('span', { className: 'sprite' });
  const share = (place: number): string => `${(100 * place) / (SHEET_SIDE - 1)}%`;
  element.ariaHidden = 'true';
  element.dataset.sheet = DATA + sheetName(sheet);
  element.style.backgroundPosition = `${share(column)} ${share(row)}`;
  // A sheet that is there shows at once: nothing flickers while one types.
  if (asked.has(element.dataset.sheet)) show(element);
  else seen.observe(element);
  return element;
}

const sheets = new Map<number, Promise<ImageBitmap>>();

/** The picture itself, px for px, for a canvas or for the model. */
export async function spriteBitmap(index: number, size: number): Promise<ImageBitmap> {
  const { sheet, column, row } = placeOf(index);
  let loading = sheets.get(sheet);
  if (loading === undefined) {
    loading = fetch(DATA + sheetName(sheet)).then(async (response) =>
      createImageBitmap(await response.blob()),
    );
    sheets.set(sheet, loading);
    loading.catch(() => sheets.delete(sheet)); // to be tried again
  }
  const bitmap = await loading;
  const side = bitmap.width / SHEET_SIDE;
  return createImageBitmap(bitmap, column * side, row * side, side, side, {
    resizeWidth: size,
    resizeHeight: size,
  });
}
