// Steps of fine-tuning the model that is shipped: as one graph in ONNX Runtime, the same program on tfjs wasm, and the
// network in plain tfjs operators there, which is what tfjs alone comes to. The same batch, taking turns.
// `npm run bench -- finetune` prints one JSON object a line.
//
//   --steps 1000          compiled steps in all; wasm takes a fiftieth as many
//   --batch 32            pictures a step
//   --optimizer adamw     or adafactor

import '@tensorflow/tfjs-backend-wasm';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import type { OrtRuntime } from '../../src/compile/index.ts';
import { createSkipCounter } from '../../src/data/index.ts';
import { ClippoModel } from '../../src/index.ts';
import { resolveClippoConfig } from '../../src/model/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { rasterFeed } from '../../src/train/example-feed.ts';
import { resolveTargets } from '../../src/train/example-targets.ts';
import { createLearner } from '../../src/train/finetune-learner.ts';
import { type OptimizerSetting, planFinetune } from '../../src/train/finetune-options.ts';
import { createFinetuneStep, type Trainee } from '../../src/train/finetune-step.ts';
import { labelBatch } from '../../src/train/finetune-trial.ts';
import { createClassifier } from '../../src/train/index.ts';
import { COLOURS, colourExamples } from '../support/labelled-pictures.ts';
import { plainEmbed } from './compile/plain-vit.ts';
import { print, printRace } from './compile/rows.ts';
import { THREADS, takeTurns } from './compile/turns.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '1000' },
    batch: { type: 'string', default: '32' },
    optimizer: { type: 'string', default: 'adamw' },
  },
});
const [steps, batchSize] = [Number(values.steps), Number(values.batch)];
const rounds = Math.max(1, Math.min(20, Math.floor(steps / 50)));
const row = { row: 'fine-tuning step', model: 'models/emoji.safetensors', optimizer: values.optimizer };

await tf.setBackend('wasm');
const compiled = await training('ours', nodeRuntime({ threads: THREADS }));
const same = await training('ours', undefined);
const plain = await training('plain', undefined);
// The first step has a rate of 0, the second changes the head alone: its gradient for the network was 0.
for (let i = 0; i < 4; i++) {
  const [a, b, c] = [await compiled(), await same(), await plain()];
  if (i < 3) continue;
  for (const [name, { loss, gradNorm }] of Object.entries({ 'same program': b, 'plain ops': c })) {
    const difference = Math.max(Math.abs(a.loss - loss) / loss, Math.abs(a.gradNorm - gradNorm) / gradNorm);
    const what = `fourth step, compiled against ${name} on wasm, relative difference of loss and gradient norm`;
    print({ ...row, batch: batchSize, what, difference }, { of: difference, atMost: 1e-3 });
  }
}
const { timings, busy } = await takeTurns(
  'fine-tuning',
  {
    ours: { run: compiled, inRow: Math.max(1, Math.floor(steps / rounds)), warmUp: 0 },
    same: { run: same, warmUp: 0 },
    plain: { run: plain, warmUp: 0 },
  },
  rounds,
);
const images = { ours: batchSize, theirs: batchSize };
const against = (name: string): object => ({ ...row, batch: batchSize, against: `tfjs wasm, ${name}` });
printRace({ ...against('plain ops') }, { ours: timings.ours, theirs: timings.plain, images, busy }, 20);
// Our own operators have most of what is to be gained on wasm already; of so flat a network half a step is the update.
printRace({ ...against('same program') }, { ours: timings.ours, theirs: timings.same, images, busy });
const minutes = Object.entries(timings).map(([name, { median }]) => [name, median / 60]);
print({ ...row, batch: batchSize, what: 'minutes for 1,000 steps', ...Object.fromEntries(minutes) });
process.exit(0);

/** A model and a head of their own, and a step on one batch of pictures. */
async function training(network: 'ours' | 'plain', runtime: OrtRuntime | undefined) {
  const model = await ClippoModel.load(
    fileURLToPath(new URL('../../models/emoji.safetensors', import.meta.url)),
  );
  // On the embedding, where the network in plain operators ends.
  const classifier = createClassifier(model, { labels: COLOURS, on: 'embedding' });
  const examples = colourExamples(batchSize, 0, COLOURS, model.config.imageSize);
  const rows = resolveTargets(
    'bench',
    examples.map(({ target }) => target),
    classifier.targets,
  );
  const optimizer = values.optimizer as OptimizerSetting; // the plan says what it does not know
  const plan = planFinetune(
    'bench',
    { batchSize, optimizer, steps: 1_000_000, schedule: { decay: 'cosine', warmup: 2 } },
    { part: 'all', examples: batchSize, head: { inputs: model.config.embeddingDim, hidden: [] } },
  );
  const { trainee, begin } = await createLearner(classifier, plan, undefined, rows);
  const [name] = plan.trials;
  begin(name!);
  const parameters = model.parameters();
  const forward: Trainee['forward'] = ([x]) =>
    classifier.head.apply(
      plainEmbed(x as tf.Tensor4D, parameters, resolveClippoConfig(model.config)),
    ) as tf.Tensor2D;
  const engine = createFinetuneStep({
    trainee: network === 'ours' ? trainee : { ...trainee, forward },
    kind: 'classes',
    optimizer: plan.createOptimizer(name!.learningRate),
    runtime,
  });
  const feed = rasterFeed(model, examples, createSkipCounter('bench', 0));
  const numbers = Int32Array.from({ length: batchSize }, (_, i) => i);
  const weights = new Float32Array(batchSize).fill(1);
  return async () => engine.run(await labelBatch({ feed, rows }, numbers, weights));
}
