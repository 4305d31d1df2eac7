// A checkpoint in the layout big_vision publishes: look inside, load it, convert it to safetensors.
// Run: node examples/03-load-checkpoint.mjs [file.npz]
// Without a file a small one is written first, in the same layout.

import { readFileSync, statSync } from 'node:fs';
import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel, countParameters, parseNpz, readBigVision } from 'clippo-ts';
import { outputPath } from './output-path.mjs';

const file = process.argv[2] ?? (await writeSmallCheckpoint());

// Every array of the file, as numpy stored it: weights, and in a training checkpoint the optimiser's state too.
const arrays = parseNpz(readFileSync(file));
console.log(`${file}: ${arrays.size} arrays, ${(statSync(file).size / 1e6).toFixed(1)} MB`);
for (const [name, { dtype, shape }] of [...arrays].slice(0, 4)) console.log(`  ${name}  ${dtype} [${shape}]`);

// The model's own weights under their canonical names, whatever the layout (params/, opt/target/, scan, old names).
const weights = readBigVision(arrays);
console.log(`${weights.size} of them are weights, such as ${weights.keys().next().value}`);

// Variant, patch size, picture size, pool and heads are all read off the arrays.
const model = await ClippoModel.load(file);
console.log('Configuration:', model.config);
console.log(`${countParameters(model.config)} parameters, temperature ${model.temperature.toFixed(2)}`);

const [first] = [(await model.encodeText(['a photo of a dog'])).row(0)];
console.log(
  `"a photo of a dog" → ${first.length} numbers: ${Array.from(first.subarray(0, 4), (x) => x.toFixed(3))} …`,
);

const converted = outputPath('03-converted.safetensors');
await model.save(converted);
model.dispose();
console.log(`Wrote ${converted}`);

async function writeSmallCheckpoint() {
  const path = outputPath('03-checkpoint.npz');
  const fresh = await ClippoModel.create({ variant: 'mu/16', imageSize: 64, embeddingDim: 32 }, { seed: 1 });
  await fresh.save(path);
  fresh.dispose();
  return path;
}
