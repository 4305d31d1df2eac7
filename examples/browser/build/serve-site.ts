// A folder → a small web server: files of one folder, compressed as static hosts do it, and nothing else.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Where the built site lies. */
export const SITE = join(import.meta.dirname, '../../../out/demo');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.safetensors': 'application/octet-stream',
};
const PACKED = new Set(['.html', '.js', '.mjs', '.css', '.svg', '.wasm', '.safetensors']);

export interface ServeOptions {
  /** Path under which the site lies, with a slash at both ends. Default `/`. */
  readonly base?: string;
  /** Told of each file that was sent: its name, and the bytes that went over the line. */
  readonly onSent?: (file: string, bytes: number) => void;
}

/** @param site - folder @returns a server that does not listen yet */
export function siteServer(site: string, { base = '/', onSent }: ServeOptions = {}): Server {
  const packed = new Map<string, Buffer>();
  return createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const name = path.startsWith(base) ? normalize(path.slice(base.length) || 'index.html') : '';
    const file = join(site, name);
    if (name === '' || !file.startsWith(site + sep) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end(`There is no ${path} here.\n`);
      return;
    }
    const accepted = String(request.headers['accept-encoding'] ?? '');
    const encoding = !PACKED.has(extname(file))
      ? ''
      : /\bbr\b/.test(accepted)
        ? 'br'
        : /\bgzip\b/.test(accepted)
          ? 'gzip'
          : '';
    const key = `${encoding} ${file}`;
    const body = packed.get(key) ?? pack(readFileSync(file), encoding);
    packed.set(key, body);
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-length': body.length,
      // Names hold a digest, but for the page and its service worker.
      'cache-control': /^(index\.html|service-worker\.js)$/.test(name)
        ? 'no-cache'
        : 'public, max-age=31536000, immutable',
      ...(encoding === '' ? {} : { 'content-encoding': encoding, vary: 'accept-encoding' }),
    });
    onSent?.(name, body.length);
    response.end(body);
  });
}

/** Quality 5: most of what there is to gain, in a moment. */
function pack(bytes: Buffer, encoding: string): Buffer {
  if (encoding === 'br')
    return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
  return encoding === 'gzip' ? gzipSync(bytes) : bytes;
}
