// A URL → all of its bytes, through cuts, stalls and servers that change their mind: tries again with growing pauses,
// goes on where it ended when the server can show that it still has the same file, and begins again when it cannot.
// Ends with an error when several tries in a row have brought nothing new.

import type { OnProgress } from '../progress.ts';
import { type Answer, ask, type FileVersion, Interruption, type Subject, validatorOf } from './answer.ts';
import { createGrowingBytes } from './growing-bytes.ts';
import { createPace } from './pace.ts';
import type { Parts } from './parts.ts';

export interface TransferOptions extends Subject {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Tries after one that has brought nothing new. */
  readonly retries: number;
  /** Seconds without a byte after which a connection counts as dead. */
  readonly stallSeconds: number;
  /** ms before the first retry; every further pause is twice as long. */
  readonly pause?: number;
  /** Where parts are kept, so that another process can go on. */
  readonly parts?: Parts | undefined;
}

export interface Transferred extends FileVersion {
  readonly bytes: Uint8Array;
  /** Whether the bytes came in more than one piece. */
  readonly pieced: boolean;
}

const LONGEST_PAUSE = 30_000;

/** @throws what `failure` makes, and the signal's reason when it is aborted */
export async function transfer(url: string, options: TransferOptions): Promise<Transferred> {
  const { signal, onProgress, onWarning, retries, stallSeconds, pause = 500, parts, failure } = options;
  const pace = createPace();
  let version: FileVersion = {};
  let bytes = createGrowingBytes(undefined);
  let pieced = false;
  signal?.throwIfAborted();
  const stored = await parts?.restore();
  if (stored !== undefined) {
    ({ version, bytes } = stored);
    pieced = bytes.length > 0;
    if (pieced) report();
  }

  let furthest = bytes.length;
  for (let failures = 0; ; failures++) {
    try {
      await attempt();
      break;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Interruption)) throw error;
      if (bytes.length > furthest) {
        furthest = bytes.length;
        failures = 0;
      }
      // What cannot be reached from the start is most often misspelt.
      const tries = error.unreachable && furthest === 0 ? Math.min(retries, 2) : retries;
      if (failures >= tries) {
        throw failure(`${error.message}${bytes.length > 0 ? ' Load it again.' : ''}`, { cause: error });
      }
      const wait = Math.min((error.wait ?? 0) * 1000 || pause * 2 ** failures, 2 * LONGEST_PAUSE);
      onWarning?.(`${error.message} Trying again in ${(wait / 1000).toPrecision(2)} s.`);
      await sleep(wait, signal);
    }
  }
  if (bytes.length === 0) throw failure(`${url} answered with nothing. Expected the ${options.what}.`);
  return { bytes: bytes.all(), pieced, ...version };

  async function attempt(): Promise<void> {
    if (version.total !== undefined && bytes.length === version.total) return; // an earlier process had it all
    const watch = createWatch(signal, stallSeconds, () => `${url}: no byte came for ${stallSeconds} s.`);
    try {
      const from = validatorOf(version) === undefined ? 0 : bytes.length;
      const question = { ...options, url, version, signal: watch.signal };
      const answer =
        (await watch.wait(ask({ ...question, from }))) ?? (await watch.wait(ask({ ...question, from: 0 })));
      await take(answer!, watch); // from 0 there always is one
    } finally {
      watch.end();
    }
  }

  async function take(answer: Answer, watch: Watch): Promise<void> {
    if (answer.start === 0) {
      const { etag, lastModified, total } = answer;
      version = { etag, lastModified, total };
      bytes = createGrowingBytes(total);
      pieced = false;
      await parts?.begin(version);
    } else pieced = true;
    const { total } = version;
    const reader = answer.body.getReader();
    try {
      for (;;) {
        const { value } = await watch.wait(reader.read()).catch((cause: unknown) => {
          if (cause instanceof Interruption || watch.signal.aborted) throw cause;
          throw new Interruption(`${url}: the connection broke after ${bytes.length} bytes.`, { cause });
        });
        if (value === undefined) break;
        if (total !== undefined && bytes.length + value.length > total) {
          throw failure(`${url}: sent more than the ${total} bytes it announced. Load it again.`);
        }
        append(value);
        await parts?.keep(bytes);
        report();
      }
    } finally {
      // Ends the transfer when an error has; else there is nothing left to cancel.
      reader.cancel().catch(() => {});
    }
    if (total !== undefined && bytes.length < total) {
      throw new Interruption(`${url}: the connection ended after ${bytes.length} of ${total} bytes.`);
    }
  }

  function append(chunk: Uint8Array): void {
    try {
      bytes.append(chunk);
    } catch (cause) {
      throw failure(`${url}: there is no room in memory for more than ${bytes.length} bytes.`, { cause });
    }
  }

  function report(): void {
    const { total } = version;
    const secondsLeft = pace.secondsLeft(bytes.length, total);
    onProgress?.({
      stage: 'download',
      done: bytes.length,
      ...(total !== undefined && { total }),
      unit: 'bytes',
      ...(secondsLeft !== undefined && { secondsLeft }),
    });
  }
}

interface Watch {
  /** Aborted by the caller, or when nothing comes. */
  readonly signal: AbortSignal;
  /** The result, or the reason of an abort, also where what is waited for does not heed the signal. */
  wait<T>(promise: Promise<T>): Promise<T>;
  end(): void;
}

function createWatch(outer: AbortSignal | undefined, seconds: number, message: () => string): Watch {
  const controller = new AbortController();
  const { signal } = controller;
  const onAbort = (): void => controller.abort(outer?.reason);
  outer?.addEventListener('abort', onAbort);
  if (outer?.aborted) onAbort();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function wait<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason);
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop);
      timer = setTimeout(() => controller.abort(new Interruption(message())), seconds * 1000);
      promise.then(resolve, reject).finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      });
    });
  }

  return {
    signal,
    wait,
    end: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onAbort);
    },
  };
}

/** @throws the signal's reason */
function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    function stop(): void {
      clearTimeout(timer);
      reject(signal!.reason);
    }
    signal?.addEventListener('abort', stop, { once: true });
  });
}
