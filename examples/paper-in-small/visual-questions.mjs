// A trained model, fine-tuned to answer questions about scenes of emoji → the share it answers as people would. The question
// is drawn on the picture, and pictures are what every one of these models reads by the same kind of tower.

import { ClippoModel } from 'clippo-ts';
import { vqaAccuracy } from 'clippo-ts/eval';
import { vqa } from 'clippo-ts/tasks';
import { createClassifier, finetune } from 'clippo-ts/train';
import { ANSWERS, composeScenes } from '../emoji/scenes.mjs';

export async function answerQuestions(file, { size, train, test, epochs, learningRate }, placement, seed) {
  const task = vqa({ vocabulary: { answers: ANSWERS }, size, placement });
  const { shown, asked } = await scenesOf({ size, train, test });
  const model = await ClippoModel.load(file, { imageSize: size });
  const classifier = createClassifier(model, { labels: ANSWERS, head: [128], seed });
  try {
    const asExample = (scene) => ({
      key: scene.key,
      target: task.target(scene),
      input: () => task.raster(scene),
    });
    const examples = shown.map(asExample);
    const middle = Math.floor(examples.length * 0.9);
    await finetune({
      ...{ classifier, train: examples.slice(0, middle), dev: examples.slice(middle), seed },
      ...{ learningRate, epochs },
    });
    const answered = await classifier.predict(await Promise.all(asked.map((scene) => task.raster(scene))));
    const predictions = asked.map(({ annotation }, i) => ({
      ...{ question_id: annotation.question_id, answer: answered[i][0].label },
    }));
    return shareRight(predictions, asked);
  } finally {
    classifier.dispose();
    model.dispose();
  }
}

/** The same without looking: the answer that is most frequent to a question. */
export async function guessAnswers(plan) {
  const { shown, asked } = await scenesOf(plan);
  const counts = new Map(); // how often each was the answer, by question
  for (const { question, annotation } of shown) {
    const [{ answer }] = annotation.answers;
    const of = counts.get(question) ?? new Map();
    counts.set(question, of.set(answer, (of.get(answer) ?? 0) + 1));
  }
  const guess = (question) => [...(counts.get(question) ?? [['yes', 0]])].sort((a, b) => b[1] - a[1])[0][0];
  const predictions = asked.map(({ question, annotation }) => {
    return { question_id: annotation.question_id, answer: guess(question) };
  });
  return shareRight(predictions, asked);
}

/** To learn from, and to be asked about. */
async function scenesOf({ size, train, test }) {
  return { shown: await composeScenes(0, train, size), asked: await composeScenes(200_000, test, size) };
}

function shareRight(predictions, asked) {
  const annotations = asked.map(({ annotation }) => annotation);
  const { overall, perQuestionType } = vqaAccuracy(predictions, { annotations });
  const kinds = Object.entries(perQuestionType).map(([kind, value]) => [kind, value / 100]);
  return { overall: overall / 100, kinds: Object.fromEntries(kinds) };
}
