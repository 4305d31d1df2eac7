// The classifier that `--classifier` names, with the engine that was asked for.

import { ConfigError } from '../errors.ts';
import type { Classifier } from '../train/index.ts';
import { readFonts } from './font-file.ts';
import { type ModelFlags, startEngineFor, useEngine, withModel } from './open-model.ts';
import type { Terminal } from './terminal.ts';

export interface ClassifierFlags extends Omit<ModelFlags, 'model'> {
  readonly classifier: string;
  /** The network, where the file holds the head alone. */
  readonly model?: string;
}

/** Loads it, hands it to `use`, and frees it, whatever happens. */
export async function withClassifier<T>(
  flags: ClassifierFlags,
  terminal: Terminal,
  use: (classifier: Classifier) => Promise<T>,
): Promise<T> {
  const { classifier: file, model: checkpoint } = flags;
  const { signal, onProgress } = terminal;
  const { Classifier } = await import('../train/index.ts');
  if (checkpoint !== undefined) {
    return withModel({ ...flags, model: checkpoint }, terminal, async (model) => {
      const classifier = await Classifier.load(file, { model, signal, onProgress });
      try {
        return await use(classifier);
      } finally {
        classifier.dispose();
      }
    });
  }
  const started = await startEngineFor(flags);
  const font = await readFonts(flags.font, terminal);
  const classifier = await Classifier.load(file, {
    ...{ signal, onProgress },
    ...(font && { render: { font } }),
  }).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      `${file}: holds a head alone. Say which network it was trained on: --model CHECKPOINT.`,
      {
        cause: error,
      },
    );
  });
  try {
    await useEngine(classifier.model, started, flags, terminal);
    return await use(classifier);
  } finally {
    classifier.dispose();
  }
}
