// A trained model → the files of the package: `node examples/emoji/ship.mjs RUN EVALUATION.md`. Half-precision weights,
// the card that the training wrote with what the evaluation found, and the hash that every loading compares.

import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import { ClippoModel } from 'clippo-ts';

const [run, evaluation] = process.argv.slice(2);
if (run === undefined || evaluation === undefined) {
  console.error('node examples/emoji/ship.mjs RUN EVALUATION.md');
  process.exit(2);
}
const models = fileURLToPath(new URL('../../models', import.meta.url));
const weights = join(models, 'emoji.safetensors');
const model = await ClippoModel.load(join(run, 'model.safetensors'));
await model.save(weights, { dtype: 'float16' });
model.dispose();

const card = readFileSync(join(run, 'model-card.md'), 'utf8');
const measured = readFileSync(evaluation, 'utf8').trim();
// Numbers first, settings later: the evaluation goes before the limits.
writeFileSync(
  join(models, 'emoji.md'),
  card.replace('\n## Limits\n', () => `\n## Evaluation\n\n${measured}\n\n## Limits\n`),
);
const hashes = fileURLToPath(new URL('../../src/shipped-models.ts', import.meta.url));
const digest = createHash('sha256').update(readFileSync(weights)).digest('hex');
writeFileSync(
  hashes,
  readFileSync(hashes, 'utf8').replace(/emoji: '[0-9a-f]{64}'/, () => `emoji: '${digest}'`),
);
console.log(`${weights}: ${(statSync(weights).size / 2 ** 20).toFixed(1)} MiB, and its card`);
