// Sentences and pictures in one space: encode both with the same network, compare them by cosine.
// Run: node examples/02-compare.mjs [checkpoint]
// Without a checkpoint the model is untrained: it knows nothing of meaning and compares how things look.

import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel, createRaster, topK } from 'clippo-ts';

const [checkpoint] = process.argv.slice(2);
const model = checkpoint
  ? await ClippoModel.load(checkpoint)
  : await ClippoModel.create({ variant: 'mu/16', imageSize: 96, embeddingDim: 64 }, { seed: 1 });
console.log(checkpoint ? `Loaded ${checkpoint}` : 'Untrained model');

const sentences = [
  'a cat sat on the mat',
  'a cat sits on the mat',
  '日本語のテキスト',
  'stock prices fell sharply',
];
const white = createRaster(96, 96, 3, 255);
const black = createRaster(96, 96, 3, 0);

// One call takes strings and pictures mixed; a string is drawn first.
const embeddings = await model.encode([...sentences, white, black]);
const labels = [...sentences, '[white picture]', '[black picture]'];

const { data, shape } = model.similarity(embeddings, embeddings);
for (let i = 0; i < shape[0]; i++) {
  const row = Array.from(data.subarray(i * shape[1], (i + 1) * shape[1]), (cosine) =>
    cosine.toFixed(2).padStart(6),
  );
  console.log(`${row.join('')}  ${labels[i]}`);
}

const [, nearest] = topK(embeddings.row(0), embeddings, 2);
console.log(`Nearest to "${labels[0]}": "${labels[nearest.index]}"`);
model.dispose();
