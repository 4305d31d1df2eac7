// Progress events → one line with rate and time left: redrawn in place on a terminal, elsewhere a plain line now
// and then, so that a log stays short.

import type { ProgressEvent } from '../progress.ts';
import type { Output } from './terminal.ts';

const REDRAW_MS = 100;
const PLAIN_MS = 10_000;
const WIDTH = 24;

export interface ProgressBar {
  show(event: ProgressEvent): void;
  /** Takes the line away; the next event draws it again. */
  clear(): void;
}

/**
 * @param options.redraw - whether the line can be drawn over
 * @param options.now - the time in ms; default: the clock
 */
export function createProgressBar(
  stream: Output,
  { redraw, now = () => performance.now() }: { readonly redraw: boolean; readonly now?: () => number },
): ProgressBar {
  let stage = '';
  let started = 0;
  let shown = 0;
  let visible = false;

  function show(event: ProgressEvent): void {
    const time = now();
    if (event.stage !== stage) {
      stage = event.stage;
      started = time;
      // A terminal shows the first event at once, a log only what takes long.
      shown = redraw ? Number.NEGATIVE_INFINITY : time;
    }
    if (time - shown < (redraw ? REDRAW_MS : PLAIN_MS)) return;
    shown = time;
    const line = describe(event, (time - started) / 1000, redraw);
    if (redraw) stream.write(`\r${line.slice(0, (stream.columns ?? 80) - 1)}\x1b[K`);
    else stream.write(`${line}\n`);
    visible = redraw;
  }

  function clear(): void {
    if (visible) stream.write('\r\x1b[K');
    visible = false;
  }

  return { show, clear };
}

function describe(event: ProgressEvent, seconds: number, withBar: boolean): string {
  const { stage, done, total, unit, secondsLeft } = event;
  const isBytes = unit === 'bytes';
  const amount = (n: number): string => (isBytes ? (n / 1e6).toFixed(1) : String(Math.round(n)));
  const suffix = isBytes ? 'MB' : unit;
  // What went on from an earlier attempt knows its pace better than the clock here.
  const toDo = (total ?? 0) - done;
  const rate = secondsLeft && toDo > 0 ? toDo / secondsLeft : seconds > 0 ? done / seconds : 0;
  const pace = isBytes ? `${(rate / 1e6).toFixed(1)} MB` : rate < 100 ? rate.toPrecision(3) : rate.toFixed(0);
  const speed = rate === 0 ? '' : `, ${pace}/s`;
  if (total === undefined || total === 0) return `${stage} ${amount(done)} ${suffix}${speed}`;

  const part = Math.min(1, done / total);
  const filled = Math.round(part * WIDTH);
  const bar = withBar ? `[${'='.repeat(filled)}${' '.repeat(WIDTH - filled)}] ` : '';
  const left = rate === 0 || done >= total ? '' : `, ${duration(toDo / rate)} left`;
  return `${stage} ${bar}${Math.floor(part * 100)}% ${amount(done)} of ${amount(total)} ${suffix}${speed}${left}`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
