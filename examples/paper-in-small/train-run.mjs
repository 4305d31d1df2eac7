// One model with one seed, trained stage by stage in its folder; what was done before is not done again.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ClippoModel } from 'clippo-ts';
import { runFolder } from 'clippo-ts/node';
import { adafactor, createAnchors, schedule, train } from 'clippo-ts/train';
import { pairBatches } from './corpus.mjs';

/** @returns path of the trained weights */
export async function trainRun(plan, run, corpus, folder) {
  const last = join(folder, plan.stages.at(-1).name, 'model.safetensors');
  if (existsSync(last)) return last;
  const { tokenizer } = corpus;
  const hasTokens = run.text.kind === 'tokens';
  const text = hasTokens ? { ...run.text, vocabulary: tokenizer.vocabulary } : run.text;
  const config = {
    ...{ variant: plan.shape, imageSize: plan.size, embeddingDim: plan.embeddingDim, text },
    temperatureInit: plan.stages[0].temperature,
    ...(hasTokens ? {} : { textRows: 'used' }),
  };
  const model = await ClippoModel.create(config, { seed: run.seed, ...(hasTokens && { tokenizer }) });
  let before;
  for (const stage of plan.stages) {
    if (before !== undefined) await model.loadWeights(before);
    await trainStage(model, plan, run, stage, corpus, join(folder, stage.name));
    before = join(folder, stage.name, 'model.safetensors');
  }
  model.dispose();
  return last;
}

async function trainStage(model, plan, run, stage, corpus, folder) {
  if (existsSync(join(folder, 'model.safetensors'))) return;
  const { steps, warmup, learningRate, temperature } = stage;
  const { seed, share, pairs } = run;
  const optimizer = adafactor({
    learningRate,
    schedule: schedule({ decay: 'cosine', total: steps, warmup }),
    ...(temperature !== undefined && { learningRateMultipliers: [['t', null]] }), // it stays
  });
  const isAnchored = temperature !== undefined;
  const anchors = isAnchored
    ? createAnchors({ count: corpus.codes.length, dim: plan.embeddingDim, seed })
    : undefined;
  const told = Math.max(1, Math.round(steps / 10));
  try {
    await train({
      ...{ model, optimizer, steps, run: runFolder(folder), checkpointEvery: 500, keep: 1 },
      ...(isAnchored && { anchors }),
      settings: { stage, seed, share: share ?? 0, pairs: pairs ?? 'any', batchSize: plan.batchSize },
      batches: (position) => {
        return pairBatches(corpus, { ...run, batchSize: plan.batchSize, stage: stage.name }, position);
      },
      onStep({ step, loss, ncorrect }) {
        if (step % told !== 0) return;
        console.log(
          `${run.key} ${stage.name} ${step}/${steps}: loss ${loss.toFixed(2)}, found ${(100 * ncorrect).toFixed(0)} %`,
        );
      },
    });
  } finally {
    optimizer.dispose();
    anchors?.dispose();
  }
}
