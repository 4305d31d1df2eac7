// The forward pass in 8 bits against fp32, in the same runtime, and how near its embeddings stay.

import * as tf from '@tensorflow/tfjs-core';
import { compile } from '../../../src/compile/index.ts';
import { meanCosine } from '../../../src/compile/quantize.ts';
import { toTensor } from '../../../src/model/index.ts';
import { createRenderer } from '../../../src/render/index.ts';
import { compiledValues } from './forward.ts';
import { print, printRace } from './rows.ts';
import { createModel, embedOf, noise, ort, TOWERS, type Variant } from './tower.ts';
import { progress, THREADS, takeTurns } from './turns.ts';

const SENTENCES = [
  'a photo of a dog',
  'two red cars in the rain',
  'Once upon a midnight dreary',
  'E = mc²',
  'すべての人間は、生まれながらにして自由であり',
  'der Zug nach Köln fährt heute von Gleis 4',
  'What is the capital of France?',
  '0123456789',
];

export async function benchInt8(variant: Variant, batches: readonly number[], rounds: number): Promise<void> {
  const row = { row: 'int8', model: variant };
  const model = await createModel(variant);
  const embed = embedOf(model);
  const { size } = TOWERS[variant];
  const options = { runtime: ort, threads: THREADS, inputs: [{ shape: ['batch', size, size, 3] }] } as const;
  const exact = await compile(embed, options);
  progress('int8: compiling');
  const int8 = await compile(embed, { ...options, precision: 'int8' });

  const renderer = await createRenderer({ size });
  const texts = toTensor(SENTENCES.map((text) => renderer.render(text)));
  for (const [what, images] of Object.entries({ 'drawn texts': texts, noise: noise(variant, 8, 3) })) {
    const [a, b] = [await compiledValues(exact, images), await compiledValues(int8, images)];
    const width = a.length / images.shape[0];
    const cosine = meanCosine(a, b, width);
    // Fresh weights map all pictures close together; what is left without their mean is the harder test.
    const centred = meanCosine(centre(a, width), centre(b, width), width);
    print({ ...row, what: `mean cosine to fp32, ${what}`, cosine, centred }, { of: cosine, atLeast: 0.99 });
    images.dispose();
  }

  for (const batch of batches) {
    const images = noise(variant, batch, 1);
    const inRow = Math.max(1, Math.round(16 / batch));
    const { timings, busy } = await takeTurns(
      `int8 ${variant}, batch ${batch}`,
      {
        int8: { run: () => compiledValues(int8, images), inRow },
        fp32: { run: () => compiledValues(exact, images), inRow },
      },
      rounds,
    );
    const both = { ours: batch, theirs: batch };
    const race = { ours: timings.int8, theirs: timings.fp32, images: both, busy };
    printRace({ ...row, batch, against: 'fp32, same runtime' }, race, 2);
    images.dispose();
  }
  tf.dispose(texts);
  await exact.dispose();
  await int8.dispose();
  model.dispose();
}

/** Rows minus their mean. */
function centre(values: Float32Array, width: number): Float32Array {
  const rows = values.length / width;
  const mean = new Float32Array(width);
  values.forEach((value, i) => {
    mean[i % width]! += value / rows;
  });
  return values.map((value, i) => value - mean[i % width]!);
}
