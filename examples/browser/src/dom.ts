// The page's elements: found by id and held to their class, or made anew. And pixels → canvas.

import type { Pixels } from './protocol.ts';

/** @throws Error when index.html has no such element */
export function byId<T extends Element>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html: expected a ${type.name} with the id “${id}”.`);
  return found;
}

export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: { readonly className?: string; readonly lang?: string; readonly title?: string } = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  Object.assign(element, properties);
  element.append(...children);
  return element;
}

/** Draws pixels as they are, one to one; the style sheet enlarges them. */
export function paint(canvas: HTMLCanvasElement, pixels: Pixels, label: string): void {
  const { width, height } = pixels;
  canvas.width = width;
  canvas.height = height;
  canvas.getContext('2d')?.putImageData(toImageData(pixels), 0, 0);
  canvas.setAttribute('aria-label', label);
}

export function toImageData({ width, height, channels, data }: Pixels): ImageData {
  const image = new ImageData(width, height);
  for (let i = 0, o = 0; o < image.data.length; i += channels, o += 4) {
    image.data[o] = data[i]!;
    image.data[o + 1] = data[channels === 3 ? i + 1 : i]!;
    image.data[o + 2] = data[channels === 3 ? i + 2 : i]!;
    image.data[o + 3] = 255;
  }
  return image;
}

/** What an error says, as a sentence to show. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A colour of the style sheet, for what is drawn on a canvas. */
export const colour = (name: string): string => {
  const probe = make('i');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
};

/** A canvas as sharp as the screen, cleared; drawn on in CSS px. */
export function prepareCanvas(canvas: HTMLCanvasElement): {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
} {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = Math.min(3, devicePixelRatio);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d')!; // the first context that is asked for
  context.scale(ratio, ratio);
  return { context, width, height };
}
