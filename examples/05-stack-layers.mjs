// The network is a plain tf.LayersModel: cut it at the representation, stack layers of your own on it, and train
// them with tfjs's own fit. Here: is a sentence a question? Answered from the pixels of the drawn text.
// Run: node examples/05-stack-layers.mjs [checkpoint]

import * as tf from '@tensorflow/tfjs-core';
import { model as createModel, layers, sequential } from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel, renderText, toTensor } from 'clippo-ts';

const [checkpoint] = process.argv.slice(2);
const clippo = checkpoint
  ? await ClippoModel.load(checkpoint)
  : await ClippoModel.create({ variant: 'mu/16', imageSize: 64, embeddingDim: 32 }, { seed: 1 });
const { imageSize } = clippo.config;

// `pre_logits` is what the pooling head gives; every other activation has a name too.
console.log(clippo.network.layers.map(({ name }) => name).join(' → '));
const backbone = createModel({
  inputs: clippo.network.inputs,
  outputs: clippo.network.getLayer('pre_logits').output,
});
const classifier = sequential({ layers: [backbone, layers.dense({ units: 1, activation: 'sigmoid' })] });
classifier.compile({ optimizer: tf.train.adam(3e-3), loss: 'binaryCrossentropy', metrics: ['accuracy'] });

const sentences = [
  ['who is it?', 1],
  ['is it far?', 1],
  ['why not?', 1],
  ['are you in?', 1],
  ['it is him.', 0],
  ['it is far.', 0],
  ['not now.', 0],
  ['i am in.', 0],
];
const rasters = await Promise.all(sentences.map(([text]) => renderText(text, { size: imageSize })));
const images = toTensor(rasters); // [8, 64, 64, 3] in [-1, 1]
const answers = tf.tensor2d(
  sentences.map(([, isQuestion]) => isQuestion),
  [sentences.length, 1],
);
const { history } = await classifier.fit(images, answers, { epochs: 40, batchSize: 8, verbose: 0 });
console.log(
  `loss ${history.loss[0].toFixed(3)} → ${history.loss.at(-1).toFixed(3)}, accuracy ${history.acc.at(-1)}`,
);

// The layers are shared: what was trained here has been trained in clippo.network too.
const before = tf.memory().numTensors;
tf.dispose([images, answers]);
classifier.optimizer.dispose();
clippo.dispose();
classifier.layers.at(-1).dispose();
console.log(`${before} tensors before cleaning up, ${tf.memory().numTensors} after`);
