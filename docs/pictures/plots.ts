// The pictures of docs/training.md: the schedules as functions, and the loss of a run that really happened, on the
// cpu backend, whose numbers are the same everywhere.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { ClippoModel } from '../../src/clippo-model.ts';
import { createRandom } from '../../src/random.ts';
import { createRaster, type Raster } from '../../src/raster/index.ts';
import { createRenderer } from '../../src/render/index.ts';
import { adafactor, type ScheduleOptions, schedule, train } from '../../src/train/index.ts';
import {
  BLUE,
  type Colour,
  createCanvas,
  fill,
  frame,
  GREEN,
  INK,
  LINE,
  place,
  RED,
  SOFT,
  stroke,
  textWidth,
  write,
} from './canvas.ts';

interface Plot {
  readonly canvas: Raster;
  /** Draws a curve through (i, values[i]). */
  curve(values: readonly number[], colour: Colour): void;
  /** px of a value from the top */
  y(value: number): number;
}

function createPlot(
  width: number,
  height: number,
  length: number,
  top: number,
  grid: readonly number[],
): Plot {
  const canvas = createCanvas(width, height);
  const [left, right, above, below] = [52, width - 16, 16, height - 36];
  const x = (i: number) => Math.round(left + (i / Math.max(1, length - 1)) * (right - left));
  const y = (value: number) => Math.round(below - (value / top) * (below - above));
  for (const value of grid) {
    fill(canvas, left, y(value), right - left, 1, LINE);
    const label = String(value);
    write(canvas, label, left - 8 - textWidth(label), y(value) - 9, SOFT);
  }
  function curve(values: readonly number[], colour: Colour): void {
    for (let i = 1; i < values.length; i++) {
      stroke(canvas, [x(i - 1), y(values[i - 1]!)], [x(i), y(values[i]!)], colour);
    }
  }
  return { canvas, curve, y };
}

/** Four schedules over the same 1000 steps. */
export async function drawSchedules(): Promise<Raster> {
  const total = 1000;
  const shown: readonly [string, Colour, ScheduleOptions][] = [
    ['rsqrt', BLUE, { decay: 'rsqrt', total, timescale: 200, warmup: 100, cooldown: 200 }],
    ['cosine', RED, { decay: 'cosine', total, warmup: 100 }],
    ['linear', GREEN, { decay: 'linear', total, warmup: 100 }],
    ['stair', SOFT, { decay: 'stair', total, steps: [300, 600], multipliers: [0.5, 0.1] }],
  ];
  const { canvas, curve } = createPlot(720, 300, total + 1, 1.05, [0, 0.5, 1]);
  for (const [i, [name, colour, options]] of shown.entries()) {
    const at = schedule(options);
    curve(
      Array.from({ length: total + 1 }, (_, step) => at(step)),
      colour,
    );
    fill(canvas, 560, 26 + 24 * i, 20, 2, colour);
    write(canvas, name, 588, 18 + 24 * i, colour);
  }
  write(canvas, 'step 0', 52, 276, SOFT);
  write(canvas, 'step 1000', 704 - textWidth('step 1000'), 276, SOFT);
  return canvas;
}

/** Coloured squares and their names: the run of examples/04-train.mjs, on the cpu backend. */
export async function drawFirstRun(): Promise<Raster> {
  const [size, steps] = [32, 60];
  const colours = { red: [220, 30, 30], green: [30, 160, 60], blue: [40, 70, 220], white: [250, 250, 250] };
  const random = createRandom(1);
  const jitter = (value: number) => Math.min(255, Math.max(0, value + random.integer(61) - 30));
  const square = (rgb: readonly number[]): Raster => {
    const raster = createRaster(size, size);
    for (let i = 0; i < raster.data.length; i++) raster.data[i] = rgb[i % 3]!;
    return raster;
  };
  const renderer = await createRenderer({ size });
  const texts = Object.keys(colours).map((name) => renderer.render(name));
  const draw = () => Object.values(colours).map((rgb) => square(rgb.map(jitter)));
  function* batches() {
    for (;;) yield { images: draw(), texts };
  }

  await tf.setBackend('cpu');
  const model = await ClippoModel.create(
    { variant: 'mu/16', imageSize: size, embeddingDim: 16 },
    { seed: 1 },
  );
  const optimizer = adafactor({
    learningRate: 3e-3,
    schedule: schedule({ decay: 'cosine', total: steps, warmup: { percent: 0.1 } }),
  });
  const { history } = await train({ model, optimizer, steps, batches: batches() });
  optimizer.dispose();
  model.dispose();

  const chance = Math.log(texts.length);
  const { canvas, curve, y } = createPlot(720, 300, steps, 3.2, [0, 1, 2, 3]);
  for (let x = 52; x < 704; x += 12) fill(canvas, x, y(chance), 6, 1, INK);
  write(canvas, `chance: ln 4 = ${chance.toFixed(2)}`, 540, y(chance) - 20, INK);
  curve(
    history.map(({ loss }) => loss),
    BLUE,
  );
  write(canvas, 'step 1', 52, 276, SOFT);
  const last = `step ${steps}: loss ${history.at(-1)!.loss.toFixed(2)}`;
  write(canvas, last, 704 - textWidth(last), 276, SOFT);
  for (const [i, text] of texts.entries()) {
    const left = 300 + 72 * i;
    place(canvas, square(Object.values(colours)[i]!), left, 20);
    place(canvas, text, left + 33, 20);
    frame(canvas, left - 1, 19, 67, 34, LINE);
  }
  return canvas;
}
