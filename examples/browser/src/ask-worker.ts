// A worker → promises. Each question may be cancelled, and of questions that overtake one another only the newest is answered.

import type { FromWorker, ModelInfo, Progress, ToWorker } from './protocol.ts';

interface Jobs {
  [job: string]: { args: unknown; answer: unknown };
}

export interface AskOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** What the worker tells while it is at work. */
  readonly onNews?: (news: unknown) => void;
  /** What changes hands instead of being copied. */
  readonly transfer?: Transferable[];
}

export type Ask<J> = <Name extends keyof J & string>(
  job: Name,
  args: J[Name] extends { args: infer Args } ? Args : never,
  options?: AskOptions,
) => Promise<J[Name] extends { answer: infer Answer } ? Answer : never>;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly options: AskOptions;
}

/** @param onNotice - hears what the worker says without being asked, such as the loss of a GPU */
export function askWorker<J extends { [K in keyof J]: Jobs[string] }>(
  worker: Worker,
  onNotice: (notice: string, info?: ModelInfo) => void = () => {},
): Ask<J> {
  const waiting = new Map<number, Waiting>();
  let last = 0;

  worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
    if ('notice' in data) {
      onNotice(data.notice, data.info);
      return;
    }
    const one = waiting.get(data.id);
    if (one === undefined) return;
    if ('progress' in data) one.options.onProgress?.(data.progress);
    else if ('news' in data) one.options.onNews?.(data.news);
    else {
      waiting.delete(data.id);
      if ('failure' in data) one.reject(toError(data.failure));
      else one.resolve(data.answer);
    }
  });
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    for (const { reject } of waiting.values()) {
      reject(new Error(`The worker has stopped: ${event.message || 'its code could not be loaded'}.`));
    }
    waiting.clear();
  });

  const ask = (job: string, args: unknown, options: AskOptions = {}): Promise<unknown> => {
    const id = ++last;
    const { signal, transfer = [] } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      waiting.set(id, { resolve, reject, options });
      signal?.addEventListener('abort', () => worker.postMessage({ cancel: id } satisfies ToWorker), {
        once: true,
      });
      worker.postMessage({ id, job, args } satisfies ToWorker, transfer);
    });
  };
  return ask as Ask<J>; // the answers are those of the table that the worker keeps
}

function toError({ name, message }: { name: string; message: string }): Error {
  if (name === 'AbortError') return new DOMException(message, name);
  return Object.assign(new Error(message), { name });
}

/** Whether a question was cancelled: nothing that anyone need be told. */
export const isAbort = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'AbortError';

/**
 * One question at a time, and behind it only the newest: a later keystroke overtakes an earlier one that is still waiting.
 *
 * @param ask - asks the worker
 * @param show - hears answers in order, never an older one after a newer one
 */
export function overtaking<Question, Answer>(
  ask: (question: Question) => Promise<Answer>,
  show: (answer: Answer, question: Question) => void,
  fail: (error: unknown) => void,
): (question: Question) => void {
  let busy = false;
  let next: { question: Question } | undefined;
  const run = async (question: Question): Promise<void> => {
    busy = true;
    try {
      show(await ask(question), question);
    } catch (error) {
      if (!isAbort(error)) fail(error);
    }
    busy = false;
    const following = next;
    next = undefined;
    if (following !== undefined) void run(following.question);
  };
  return (question) => {
    if (busy) next = { question };
    else void run(question);
  };
}
