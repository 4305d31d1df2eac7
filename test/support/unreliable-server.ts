// A web server on this machine that has one file a path and, request by request, does with it what servers and networks
// do: cuts, stalls, wrong lengths, errors, other bytes, ranges that are ignored or wrong.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach } from 'vitest';

export interface Behaviour {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of the body after which the connection is cut. */
  readonly cutAfter?: number;
  /** Bytes of the body after which nothing comes any more. */
  readonly stallAfter?: number;
  readonly ignoreRange?: boolean;
  /** Answers a range with what lies this many bytes later, and says so. */
  readonly shift?: number;
  /** Content-Length, whatever comes. */
  readonly length?: number;
  readonly gzip?: boolean;
  readonly redirect?: string;
  /** Other bytes in place of the file's. */
  readonly body?: Uint8Array;
}

export interface ServedFile {
  bytes: Uint8Array;
  etag?: string | undefined;
  lastModified?: string | undefined;
  /** One for every request, in order; afterwards all goes well. */
  behaviours?: Behaviour[];
}

export interface SeenRequest {
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

/** To be called at the top of a test file. @returns starts a server that ends with the test */
export function unreliableServer() {
  const endings: (() => void)[] = [];
  afterEach(() => {
    for (const end of endings.splice(0)) end();
  });

  return async (files: Record<string, ServedFile>) => {
    const requests: SeenRequest[] = [];
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname;
      const { range, 'if-range': ifRange } = request.headers;
      requests.push({ path, range, ifRange: ifRange === undefined ? undefined : String(ifRange) });
      const file = files[path];
      response.setHeader('access-control-allow-origin', '*');
      if (file === undefined) response.writeHead(404).end('nothing here');
      else answer(file, file.behaviours?.shift() ?? {}, { request, response });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endings.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { url, requests, files };
  };
}

function answer(
  file: ServedFile,
  behaviour: Behaviour,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): void {
  const { bytes, etag, lastModified } = file;
  const { status, headers = {}, redirect, body, gzip, ignoreRange, shift = 0, length } = behaviour;
  if (redirect !== undefined) {
    response.writeHead(302, { location: redirect }).end();
    return;
  }
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (status !== undefined) {
    response.writeHead(status).end('sorry');
    return;
  }
  if (etag !== undefined) response.setHeader('etag', etag);
  if (lastModified !== undefined) response.setHeader('last-modified', lastModified);

  let sent = body ?? bytes;
  const { range, 'if-range': ifRange } = request.headers;
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const isSame = ifRange === undefined || ifRange === etag || ifRange === lastModified;
  if (start > 0 && isSame && !ignoreRange) {
    if (start >= sent.length) {
      response.writeHead(416, { 'content-range': `bytes */${sent.length}` }).end();
      return;
    }
    response.statusCode = 206;
    const from = start + shift;
    response.setHeader('content-range', `bytes ${from}-${sent.length - 1}/${sent.length}`);
    sent = sent.subarray(from);
  }
  if (gzip) {
    sent = gzipSync(sent);
    response.setHeader('content-encoding', 'gzip');
  }
  response.setHeader('content-length', String(length ?? sent.length));
  const end = behaviour.cutAfter ?? behaviour.stallAfter;
  if (end === undefined) {
    response.end(sent);
    if (length !== undefined) response.socket?.end(); // a length that lies ends with the connection
    return;
  }
  // What was written is on its way before the connection ends.
  response.write(sent.subarray(0, end), () => {
    if (behaviour.cutAfter !== undefined) setTimeout(() => response.socket?.destroy(), 20);
  });
}
