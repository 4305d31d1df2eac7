// ONNX Runtime as it is, with a count of its open sessions and a switch that makes it fail.

import type { OrtRuntime, OrtSession } from '../../src/compile/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';

export interface CountingRuntime extends OrtRuntime {
  /** Sessions opened so far, and those of them not yet released. */
  readonly opened: () => number;
  readonly open: () => number;
  /** Calls of a session so far. */
  readonly runs: () => number;
  /** What the next session to be opened, or the next run, throws; once. */
  failNext: { create?: Error; run?: Error };
}

export function countingRuntime(): CountingRuntime {
  const real = nodeRuntime({ threads: 1 });
  let [opened, released, runs] = [0, 0, 0];
  const failNext: CountingRuntime['failNext'] = {};

  function throwPlanned(what: 'create' | 'run'): void {
    const error = failNext[what];
    delete failNext[what];
    if (error !== undefined) throw error;
  }

  return {
    ...real,
    opened: () => opened,
    open: () => opened - released,
    runs: () => runs,
    failNext,
    InferenceSession: {
      async create(model, options): Promise<OrtSession> {
        throwPlanned('create');
        const session = await real.InferenceSession.create(model, options);
        opened++;
        return {
          async run(feeds, fetches) {
            throwPlanned('run');
            runs++;
            return session.run(feeds, fetches);
          },
          async release() {
            released++;
            await session.release();
          },
        };
      },
    },
  };
}
