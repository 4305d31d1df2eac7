// A table of jobs → what a worker does with messages: one answer, or one error, for each question; progress on the way; cancelling.

import type { FromWorker, ModelInfo, Progress, ToWorker } from '../protocol.ts';

export interface JobContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly onNews: (news: unknown) => void;
}

type JobTable<J> = {
  readonly [Name in keyof J]: J[Name] extends { args: infer Args; answer: infer Answer }
    ? (args: Args, context: JobContext) => Answer | Promise<Answer>
    : never;
};

const send = (message: FromWorker): void => postMessage(message);

/** Tells the page something that it has not asked. */
export const sendNotice = (notice: string, info?: ModelInfo): void =>
  send(info === undefined ? { notice } : { notice, info });

export function serveJobs<J>(table: JobTable<J>): void {
  const jobs = table as unknown as Record<string, (args: unknown, context: JobContext) => unknown>; // by name, from here on
  const running = new Map<number, AbortController>();
  addEventListener('message', async ({ data }: MessageEvent<ToWorker>) => {
    if ('cancel' in data) {
      running.get(data.cancel)?.abort();
      return;
    }
    const { id, job, args } = data;
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const answer = await jobs[job]!(args, {
        signal: controller.signal,
        onProgress: (progress) => send({ id, progress }),
        onNews: (news) => send({ id, news }),
      });
      send({ id, answer });
    } catch (error) {
      const { name, message } =
        error instanceof Error || error instanceof DOMException ? error : new Error(String(error));
      send({ id, failure: { name, message } });
    } finally {
      running.delete(id);
    }
  });
}
