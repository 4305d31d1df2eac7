// What rows on demand save at encoding: `npm run bench -- text-rows` prints one JSON object a line. One sentence of
// one to three lines after the other, in ONNX Runtime; all settings take turns in one process.
//
//   ROUNDS=5   turns of each setting

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { ClippoModel } from '../../src/clippo-model.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { print } from './compile/rows.ts';
import { median } from './compile/turns.ts';

const rounds = Number(process.env.ROUNDS ?? 5);
const TEXTS = [
  'a cat',
  'two dogs play on a beach',
  'Ein rotes Fahrrad lehnt an einer gelben Wand, daneben sitzt eine Katze in der Sonne',
  '木の上の猫',
];
const SETTINGS = ['all', 'used', 3] as const;

await tf.setBackend('cpu');
for (const config of [
  { variant: 'Ti/16', imageSize: 96 },
  { variant: 'B/16', imageSize: 224 },
]) {
  const models = new Map<(typeof SETTINGS)[number], ClippoModel>();
  for (const textRows of SETTINGS) {
    const model = await ClippoModel.create({ ...config, textRows });
    await model.compile(nodeRuntime());
    await model.encodeText(TEXTS); // graphs are made
    models.set(textRows, model);
  }
  const times = new Map<unknown, number[]>(SETTINGS.map((setting) => [setting, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [setting, model] of models) {
      const start = performance.now();
      for (const text of TEXTS) await model.encodeText([text]);
      times.get(setting)!.push((performance.now() - start) / TEXTS.length);
    }
  }
  const all = median(times.get('all')!);
  for (const setting of SETTINGS) {
    const ms = median(times.get(setting)!);
    print({ what: 'encodeText, one at a time', ...config, textRows: setting, ms, times_as_fast: all / ms });
  }
  for (const model of models.values()) model.dispose();
}
