// How long a transfer will still take, by its last seconds: a connection that has become slow is noticed soon, and one
// that went on from an earlier attempt is not taken for a fast one.

const WINDOW_MS = 10_000;
const STEP_MS = 500;

export interface Pace {
  /** @returns seconds until `total`, undefined as long as nobody can say */
  secondsLeft(done: number, total: number | undefined): number | undefined;
}

/** @param now - the time in ms; default: the clock */
export function createPace(now: () => number = () => performance.now()): Pace {
  const marks: { readonly time: number; readonly done: number }[] = [];
  return {
    secondsLeft(done, total) {
      const time = now();
      const last = marks.at(-1);
      if (last === undefined || time - last.time >= STEP_MS || done < last.done) {
        if (last !== undefined && done < last.done) marks.length = 0; // it began again
        marks.push({ time, done });
        while (marks.length > 2 && time - marks[1]!.time > WINDOW_MS) marks.shift();
      }
      const first = marks[0]!;
      const seconds = (time - first.time) / 1000;
      if (total === undefined || seconds < STEP_MS / 1000 || done <= first.done) return undefined;
      return (Math.max(0, total - done) * seconds) / (done - first.done);
    },
  };
}
