// A thread that makes examples, seen from the outside: questions with numbers, answers in any order, and an end that
// leaves nobody waiting.

import { Worker } from 'node:worker_threads';
import type {
  ExampleMaker,
  ExampleRange,
  MadeRange,
  MakerOptions,
  SourceDescription,
} from '../data/index.ts';
import { BackendError, ConfigError, DataError } from '../errors.ts';
import { type PackedRanges, unpackRanges } from './packed-examples.ts';

/** What a thread is told at its beginning. */
export interface WorkerSetup {
  readonly sources: readonly SourceDescription[];
  /** Where relative paths begin. */
  readonly folder: string;
  readonly options: MakerOptions;
}

export interface DataQuestion {
  readonly id: number;
  readonly ranges: readonly ExampleRange[];
}

export type DataAnswer =
  | { readonly id: number; readonly made: PackedRanges }
  | { readonly id: number; readonly error: PackedError };

interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

interface Waiting {
  readonly resolve: (made: readonly MadeRange[]) => void;
  readonly reject: (error: Error) => void;
}

/** @param url - of the compiled `data-worker` */
export function createWorkerMaker(url: URL, setup: WorkerSetup): ExampleMaker {
  const worker = new Worker(url, { workerData: setup, name: 'clippo data' });
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  /** Why there will be no more answers. */
  let ended: Error | undefined;

  function end(error: Error): void {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  }

  worker.on('message', (answer: DataAnswer) => {
    const asker = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref();
    if (asker === undefined) return;
    if ('made' in answer) asker.resolve(unpackRanges(answer.made));
    else asker.reject(unpackError(answer.error));
  });
  worker.on('error', (cause) => {
    end(new BackendError(`A thread that prepares data has crashed: ${packError(cause).message}`, { cause }));
  });
  worker.on('exit', (code) => {
    end(
      new BackendError(
        `A thread that prepares data has ended with code ${code}. If memory ran out, use fewer workers or a smaller prefetch.`,
      ),
    );
  });
  // A program may end while its threads have nothing to do.
  worker.unref();

  return {
    make(ranges) {
      if (ended !== undefined) return Promise.reject(ended);
      const id = asked++;
      worker.ref();
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, ranges } satisfies DataQuestion);
      });
    },
    async close() {
      end(new BackendError('The batches are closed.'));
      worker.ref(); // or the program might end before the thread has, and with it the wait for it
      await worker.terminate();
    },
  };
}

/** What of an error another thread can make one of again. */
export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  const { name, message, stack } = error;
  return { name, message, stack };
}

const CLASSES = [BackendError, ConfigError, DataError];

function unpackError({ name, message, stack }: PackedError): Error {
  const Class = CLASSES.find((each) => each.name === name);
  const error = Class === undefined ? new Error(message) : new Class(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
