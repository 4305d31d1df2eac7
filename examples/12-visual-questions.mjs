// Questions about pictures, the question drawn on the picture: how many, what is on the left, is there a, which colour … Scenes are
// composed of emoji (Noto, Apache 2.0); answers have the layout of VQA v2 and are scored as there. Fine-tunes the model
// in the package, at a larger size than it was trained at.
// Run: node examples/12-visual-questions.mjs [--tiny]

import { writeFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel } from 'clippo-ts';
import { vqaAccuracy } from 'clippo-ts/eval';
import { writePng } from 'clippo-ts/node';
import { vqa } from 'clippo-ts/tasks';
import { createClassifier, finetune } from 'clippo-ts/train';
import { ANSWERS, composeScenes } from './emoji/scenes.mjs';
import { outputPath } from './output-path.mjs';

const tiny = process.argv.includes('--tiny');
const size = 96;
const [train, dev, test] = [
  await composeScenes(0, tiny ? 64 : 8000, size),
  await composeScenes(100_000, tiny ? 16 : 500, size),
  await composeScenes(200_000, tiny ? 16 : 1000, size),
];
const task = vqa({ vocabulary: { answers: ANSWERS }, size });
for (const [i, scene] of train.slice(0, 3).entries()) {
  await writePng(outputPath(`12-scene-${i}.png`), await task.raster(scene));
  console.log(`${scene.question} ${scene.annotation.answers[0].answer}`);
}

const model = await ClippoModel.fromPretrained('emoji', { imageSize: size });
const classifier = createClassifier(model, { labels: ANSWERS, head: [128] });
const { report } = await finetune({
  ...{ classifier, train: train.map(asExample), dev: dev.map(asExample) },
  ...{ learningRate: 5e-4, epochs: tiny ? 1 : 8 },
  onEvaluation: ({ step, metric }) => console.log(`step ${step}: ${(100 * metric).toFixed(1)} % of dev`),
});
writeFileSync(outputPath('12-visual-questions.html'), report);

const pictures = await Promise.all(test.map((scene) => task.raster(scene)));
const answered = await classifier.predict(pictures);
const predictions = test.map(({ annotation }, i) => ({
  ...{ question_id: annotation.question_id, answer: answered[i][0].label },
}));
const annotations = { annotations: test.map(({ annotation }) => annotation) };
const { overall, perQuestionType } = vqaAccuracy(predictions, annotations);
console.log(`${overall.toFixed(1)} % of ${test.length} questions answered as people would`, perQuestionType);
classifier.dispose();
model.dispose();

function asExample(scene) {
  return { key: scene.key, target: task.target(scene), input: () => task.raster(scene) };
}
