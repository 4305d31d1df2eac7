// One question to a web server: the file from some byte on → an answer whose place in the file is certain, or an
// error that says whether another try may mend it. RFC 9110: ranges (14), conditions (13), Retry-After (10.2.3).

import type { ClippoError } from '../errors.ts';

/** What is being fetched, as messages say it, and their class. */
export interface Subject {
  /** `'checkpoint'`, `'font'` */
  readonly what: string;
  readonly failure: (message: string, options?: ErrorOptions) => ClippoError;
}

/** A connection that failed in a way that another try may mend. */
export class Interruption extends Error {
  /** Seconds the server asks to wait. */
  readonly wait: number | undefined;
  /** There was no server to answer. */
  readonly unreachable: boolean;

  constructor(
    message: string,
    {
      wait,
      unreachable = false,
      cause,
    }: { wait?: number | undefined; unreachable?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.wait = wait;
    this.unreachable = unreachable;
  }
}

/** What tells one version of a file from another. */
export interface FileVersion {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
  /** bytes of the whole file */
  readonly total?: number | undefined;
}

export interface Answer extends FileVersion {
  /** Byte of the file that the body begins with. */
  readonly start: number;
  readonly body: ReadableStream<Uint8Array>;
}

export interface Question extends Subject {
  readonly url: string;
  /** First byte that is wanted; more than 0 only of a version that {@link validatorOf} can name. */
  readonly from: number;
  readonly version: FileVersion;
  readonly signal: AbortSignal;
}

/** Statuses that often pass. */
const PASSING = new Set([408, 425, 429]);
const LONGEST_WAIT = 60;

/**
 * What a server can be asked to compare. A weak tag (W/) promises the same meaning and not the same bytes.
 *
 * @returns undefined for a file of which one part cannot be told to belong to another
 */
export function validatorOf({ etag, lastModified }: FileVersion): string | undefined {
  return etag !== undefined && !etag.startsWith('W/') ? etag : lastModified;
}

/**
 * @returns undefined when the server has no such part of the file: it is to be asked for all of it
 * @throws Interruption, or what `failure` makes
 */
export async function ask(question: Question): Promise<Answer | undefined> {
  const { url, from, signal, what, failure } = question;
  const response = await fetch(url, { signal, ...headersOf(question) }).catch((cause: unknown) => {
    if (signal.aborted) throw signal.reason;
    const message = `Cannot reach ${url}. Is it spelled right, and is there a network?`;
    throw new Interruption(message, { unreachable: true, cause });
  });
  const { status, headers, body } = response;
  const refuse = (): void => void body?.cancel().catch(() => {});
  if (status === 416 && from > 0) {
    refuse();
    return undefined;
  }
  const isPart = status === 206 && from > 0;
  if ((!response.ok || status === 206 || body === null) && !isPart) {
    refuse();
    const message = `${url} answered ${status} ${response.statusText}.`;
    if (status >= 500 || PASSING.has(status)) throw new Interruption(message, { wait: retryAfter(headers) });
    throw failure(`${message} Expected the ${what}.${status === 404 ? ' Does the address name it?' : ''}`);
  }
  // Of an encoded body no part can be asked for: it is of no version.
  const isEncoded = headers.has('content-encoding');
  const version = {
    etag: isEncoded ? undefined : (headers.get('etag') ?? undefined),
    lastModified: isEncoded ? undefined : (headers.get('last-modified') ?? undefined),
  };
  if (!isPart) return { start: 0, body: body!, total: statedLength(headers), ...version };
  const rest = partOf(headers, from);
  if (body === null || rest === undefined || !isSameVersion(question.version, { ...version, ...rest })) {
    refuse();
    return undefined;
  }
  return { start: from, body, ...version, ...rest };
}

function headersOf({ url, from, version }: Question): RequestInit {
  // Offsets count the file's own bytes. A browser does not let a page say so, and asks like that for ranges anyway.
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (from === 0) return { headers };
  headers.range = `bytes=${from}-`;
  const validator = validatorOf(version);
  // Across origins the header needs a permission that few servers give; the answer is compared in any case.
  if (validator !== undefined && !isCrossOrigin(url)) headers['if-range'] = validator;
  return { headers, cache: 'no-store' };
}

function isCrossOrigin(url: string): boolean {
  const page = globalThis.location?.href;
  return page !== undefined && new URL(url, page).origin !== new URL(page).origin;
}

/** Where a 206 begins and how much there is; undefined when it is not the part that was asked for. */
function partOf(headers: Headers, from: number): { total: number | undefined } | undefined {
  const range = headers.get('content-range');
  // Hidden from a page of another origin, whose server then has to be believed; the length is still compared.
  if (range === null) {
    const rest = statedLength(headers);
    return { total: rest === undefined ? undefined : from + rest };
  }
  const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range) ?? [];
  if (Number(start) !== from || headers.has('content-encoding')) return undefined;
  if (total === '*') return { total: undefined };
  return Number(end) + 1 === Number(total) ? { total: Number(total) } : undefined;
}

/** Headers that only one of them has say nothing. */
function isSameVersion(a: FileVersion, b: FileVersion): boolean {
  return (['etag', 'lastModified', 'total'] as const).every(
    (field) => a[field] === undefined || b[field] === undefined || a[field] === b[field],
  );
}

/** Bytes to come, where the server says so. A length of something encoded is not that of what arrives here. */
function statedLength(headers: Headers): number | undefined {
  const length = Number(headers.get('content-length'));
  return Number.isSafeInteger(length) && length > 0 && !headers.has('content-encoding') ? length : undefined;
}

/** Seconds; a date is as good as nothing, clocks differ. */
function retryAfter(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds, LONGEST_WAIT) : undefined;
}
