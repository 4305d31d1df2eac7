// Which tfjs backend computes: the fastest one that is installed, or the one asked for. Nothing of tfjs is loaded
// before a verb needs it.

import { BackendError } from '../errors.ts';

export const ENGINES = ['wasm', 'cpu'] as const;
export type Engine = (typeof ENGINES)[number];

/**
 * Loads a backend and makes it tfjs's current one.
 *
 * @param wanted - default: wasm, and cpu where that is missing
 * @returns what runs now
 * @throws BackendError that says what to install
 */
export async function startEngine(wanted?: Engine): Promise<Engine> {
  const failures: string[] = [];
  for (const engine of wanted === undefined ? ENGINES : [wanted]) {
    try {
      await start(engine);
      return engine;
    } catch (cause) {
      failures.push(`${engine}: ${cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)}`);
    }
  }
  throw new BackendError(
    `No engine to compute with (${failures.join('; ')}). Run: npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-${wanted ?? 'wasm'}`,
  );
}

async function start(engine: Engine): Promise<void> {
  const tf = await import('@tensorflow/tfjs-core');
  if (engine === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
  else await import('@tensorflow/tfjs-backend-cpu');
  if (!(await tf.setBackend(engine))) throw new BackendError('it is installed but does not start');
  // The cpu backend greets its first tensor on Node with an advertisement for tfjs-node. Its first tensor is made
  // while it takes this for another place; warnings stay as they are.
  const isNode = tf.env().getBool('IS_NODE');
  tf.env().set('IS_NODE', false);
  tf.scalar(0).dispose();
  tf.env().set('IS_NODE', isNode);
}
