// The worker that trains a tiny CLIPPO while one looks on. It is not the one that searches, so that both go on at once. Stopping keeps
// the model, and the next start goes on with it.

import '@tensorflow/tfjs-layers'; // registers tfjs's gradients
import { ClippoModel, chooseEngine, createRandom, createRenderer } from 'clippo-ts';
import { adafactor, train } from 'clippo-ts/train';
import type { EngineName, Guess, TrainingJobs, TrainingNews } from '../protocol.ts';
import { prepareEngine } from './engines.ts';
import { serveJobs } from './serve-jobs.ts';
import { drawShape, NAMES } from './shapes.ts';

/** px: 3 × 3 patches, three lines of about seven letters. */
const SIZE = 48;
/** Pictures that no batch has. */
const SHOWN = [
  'red disc',
  'blue ring',
  'gold cross',
  'green roof',
  'pink square',
  'blue disc',
  'red cross',
  'gold ring',
];
const UNSEEN = 3;

interface Learner {
  readonly engine: EngineName;
  readonly model: ClippoModel;
  readonly optimizer: ReturnType<typeof adafactor>;
  step: number;
}

let learner: Learner | undefined;

serveJobs<TrainingJobs>({
  train: async ({ engine, steps, lookEvery }, { signal, onNews }) => {
    if (learner !== undefined && learner.engine !== engine) forget();
    const { runtime } = await chooseEngine(await prepareEngine(engine));
    learner ??= await begin(engine);
    const { model, optimizer } = learner;
    const tell = (news: TrainingNews): void => onNews(news);
    let latest: TrainingNews | undefined;
    const before = learner.step;
    const { step } = await train({
      model,
      optimizer,
      steps,
      batches: shapes(before),
      signal,
      ...(runtime === undefined ? { engine: 'tfjs' } : { engine: 'onnx', runtime }),
      onStep: ({ step, loss, chance, stepMs }) => {
        latest = { step: before + step, loss, chance, stepMs };
        tell(latest);
      },
      measure: async () => {
        const guesses = await guess(model, SHOWN, UNSEEN);
        const all = await guess(model, NAMES, UNSEEN + 1);
        const accuracy = all.filter(({ label, guess }) => label === guess).length / all.length;
        if (latest !== undefined) tell({ ...latest, guesses, accuracy });
        return { accuracy };
      },
      measureEvery: lookEvery,
    });
    learner.step = before + step;
    const parameters = [...model.parameters().values()].reduce((sum, { size }) => sum + size, 0);
    return { step: learner.step, parameters };
  },

  forget: () => forget(),
});

async function begin(engine: EngineName): Promise<Learner> {
  const config = { variant: 'mu/16', imageSize: SIZE, embeddingDim: 32 };
  const model = await ClippoModel.create(config, { seed: 1 });
  return { engine, model, optimizer: adafactor({ learningRate: 3e-3 }), step: 0 };
}

function forget(): undefined {
  learner?.optimizer.dispose();
  learner?.model.dispose();
  learner = undefined;
}

/** All names in another order each time, each with a shape drawn anew. @param seed - so that a later start goes on with others */
async function* shapes(seed: number) {
  const random = createRandom(seed, 'shapes');
  const renderer = await createRenderer({ size: SIZE });
  const words = NAMES.map((name) => renderer.render(name));
  for (;;) {
    const order = [...random.permutation(NAMES.length)];
    yield {
      images: order.map((i) => drawShape(NAMES[i]!, SIZE, random)),
      texts: order.map((i) => words[i]!),
    };
    // Between two steps the page may say “stop”.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

async function guess(model: ClippoModel, labels: readonly string[], seed: number): Promise<Guess[]> {
  const random = createRandom(seed, 'unseen');
  const pictures = labels.map((name) => drawShape(name, SIZE, random));
  const answers = await model.classify(pictures, NAMES);
  return pictures.map((pixels, i) => {
    const [best] = answers[i]!;
    return { pixels, label: labels[i]!, guess: best!.label, score: best!.score };
  });
}
