// Every picture and its name as points on a plane. A dot that is pointed at, or stepped to by keyboard, shows which it is, with a line to its other half.

import { overtaking } from '../ask-worker.ts';
import { byId, colour, messageOf, prepareCanvas } from '../dom.ts';
import type { AskModel } from '../model-client.ts';
import type { Candidate, EmbeddingMap } from '../protocol.ts';
import { spriteBitmap } from '../sprite.ts';

const canvas = byId('map-canvas', HTMLCanvasElement);
const button = byId('map-draw', HTMLButtonElement);
const report = byId('map-report', HTMLElement);
const keys = byId('map-keys', HTMLElement);
const KEYS = keys.textContent;

/** px around the points */
const MARGIN = 36;
/** px within which a dot is hit */
const REACH = 14;
/** One picture in so many is shown as itself, of this size in px. */
const [ONE_IN, THUMB] = [8, 22];

export interface MapPanel {
  /** The text is another one: its place on the map. */
  place(text: string): void;
  /** The model is another one: the old map says nothing of it. */
  forget(): void;
  /** Draws anew, in the colours and the size of now. */
  redraw(): void;
}

export function startMap(ask: AskModel, candidates: () => readonly Candidate[]): MapPanel {
  let map: EmbeddingMap | undefined;
  let query: { readonly text: string; readonly at: readonly [number, number] } | undefined;
  let chosen: number | undefined;
  let bitmap: ImageBitmap | undefined;
  const thumbs = new Map<number, ImageBitmap>();

  const redraw = (): void => {
    if (map !== undefined)
      drawMap(map, {
        query,
        thumbs,
        chosen,
        bitmap,
        name: chosen === undefined ? '' : candidates()[chosen]!.name,
      });
  };
  const fail = (error: unknown): void => {
    report.textContent = messageOf(error);
  };
  const place = overtaking(
    (text: string) => ask('place', { text }),
    (at, text) => {
      query = { text, at };
      redraw();
    },
    fail,
  );
  const choose = (index: number | undefined): void => {
    if (index === chosen) return;
    chosen = index;
    bitmap = undefined;
    keys.textContent =
      index === undefined
        ? KEYS
        : `${candidates()[index]!.name}: its picture and its word, joined by a line.`;
    redraw();
    if (index === undefined) return;
    spriteBitmap(index, 40).then(
      (loaded) => {
        if (chosen !== index) return;
        bitmap = loaded;
        redraw();
      },
      () => {}, // the name is there without it
    );
  };

  let text = '';
  button.addEventListener('click', async () => {
    button.disabled = true;
    report.textContent = 'Drawing …';
    try {
      map = await ask('map', {});
      report.textContent = describe(map);
      canvas.setAttribute('aria-label', `Pictures and words as points. ${describe(map)}`);
      redraw();
      if (text.trim() !== '') place(text);
      await loadThumbs(thumbs, candidates().length);
      redraw();
    } catch (error) {
      fail(error);
    }
    button.disabled = false;
  });
  canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
    if (map !== undefined) choose(nearest(map, offsetX, offsetY));
  });
  canvas.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (map === undefined || step === undefined) return;
    event.preventDefault();
    const total = candidates().length;
    choose(((chosen ?? (step > 0 ? -1 : 0)) + step + total) % total);
  });
  new ResizeObserver(redraw).observe(canvas);

  return {
    place: (now) => {
      text = now;
      if (map !== undefined) place(now);
    },
    forget: () => {
      map = undefined;
      query = undefined;
      report.textContent = 'Another model: draw the map anew.';
      prepareCanvas(canvas);
    },
    redraw,
  };
}

/** Those that cannot be loaded stay dots. */
async function loadThumbs(thumbs: Map<number, ImageBitmap>, total: number): Promise<void> {
  const wanted = Array.from({ length: Math.ceil(total / ONE_IN) }, (_, i) => i * ONE_IN).filter(
    (i) => !thumbs.has(i),
  );
  const load = async (index: number): Promise<void> => {
    thumbs.set(index, await spriteBitmap(index, 2 * THUMB));
  };
  await Promise.allSettled(wanted.map(load));
}

function describe({ gap, explained, matched }: EmbeddingMap): string {
  const [first = 0, second = 0] = explained;
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  return `The centres of the two kinds are ${gap.toFixed(2)} apart; a picture and its own word have a cosine of ${matched.toFixed(2)} on average. The plane shows ${percent(first)} and ${percent(second)} of all variance.`;
}

/** Places on the plane → px of the canvas. */
function scales({ pictures, words }: EmbeddingMap): { x: (at: number) => number; y: (at: number) => number } {
  const spread = (axis: number): number => {
    let most = 0;
    for (const points of [pictures, words]) {
      for (let i = axis; i < points.length; i += 2) most = Math.max(most, Math.abs(points[i]!));
    }
    return most;
  };
  const { clientWidth: width, clientHeight: height } = canvas;
  const [across, down] = [(width / 2 - MARGIN) / spread(0), (height / 2 - MARGIN) / spread(1)];
  return { x: (at) => width / 2 + at * across, y: (at) => height / 2 - at * down };
}

function nearest(map: EmbeddingMap, left: number, top: number): number | undefined {
  const { x, y } = scales(map);
  let best: number | undefined;
  let least = REACH;
  for (const points of [map.pictures, map.words]) {
    for (let i = 0; i < points.length; i += 2) {
      const distance = Math.hypot(x(points[i]!) - left, y(points[i + 1]!) - top);
      if (distance < least) [best, least] = [i / 2, distance];
    }
  }
  return best;
}

interface Marks {
  readonly thumbs: ReadonlyMap<number, ImageBitmap>;
  readonly query: { readonly text: string; readonly at: readonly [number, number] } | undefined;
  readonly chosen: number | undefined;
  readonly bitmap: ImageBitmap | undefined;
  readonly name: string;
}

function drawMap(map: EmbeddingMap, { query, thumbs, chosen, bitmap, name }: Marks): void {
  const { context, width } = prepareCanvas(canvas);
  const { x, y } = scales(map);
  const kinds = [
    { points: map.words, tint: colour('cool') },
    { points: map.pictures, tint: colour('accent') },
  ];
  const ink = colour('ink');
  context.globalAlpha = 0.55;
  for (const { points, tint } of kinds) {
    context.fillStyle = tint;
    for (let i = 0; i < points.length; i += 2) {
      context.beginPath();
      context.arc(x(points[i]!), y(points[i + 1]!), 2.2, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.globalAlpha = 1;
  for (const [i, thumb] of thumbs) {
    const [left, top] = [x(map.pictures[2 * i]!), y(map.pictures[2 * i + 1]!)];
    context.drawImage(thumb, left - THUMB / 2, top - THUMB / 2, THUMB, THUMB);
  }
  context.font = `14px ${getComputedStyle(document.body).fontFamily}`;
  const label = (text: string, left: number, top: number): void => {
    const room = context.measureText(text).width + 10;
    context.fillStyle = colour('sheet');
    const at = Math.min(left + 12, width - room);
    context.fillRect(at - 5, top - 10, room, 20);
    context.fillStyle = ink;
    context.textBaseline = 'middle';
    context.fillText(text, at, top);
  };
  if (query !== undefined) {
    const [left, top] = [x(query.at[0]), y(query.at[1])];
    context.strokeStyle = ink;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(left, top, 6, 0, 2 * Math.PI);
    context.stroke();
    label(query.text.slice(0, 30), left, top);
  }
  if (chosen === undefined) return;
  const [picture, word] = [map.pictures, map.words].map(
    (points) => [x(points[2 * chosen]!), y(points[2 * chosen + 1]!)] as const,
  );
  context.strokeStyle = ink;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(...picture!);
  context.lineTo(...word!);
  context.stroke();
  label(name, ...word!);
  if (bitmap !== undefined) context.drawImage(bitmap, picture![0] - 20, picture![1] - 20);
}
