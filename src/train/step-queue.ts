// Jobs one after the other: each step of training counts on from the one before.

export interface StepQueue {
  /** Does the job when all before it are done, however they ended; answers with its result or failure. */
  add<T>(job: () => Promise<T>): Promise<T>;
  /** When all jobs so far are done. */
  idle(): Promise<void>;
}

export function createStepQueue(): StepQueue {
  let last: Promise<unknown> = Promise.resolve();
  return {
    add(job) {
      const answer = last.then(job);
      last = answer.catch(() => {}); // each caller sees its own failure
      return answer;
    },
    async idle() {
      await last;
    },
  };
}
