// A page of this repository in a real, headless Chromium.

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Of every browser here. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
];
/** WebGPU and WebGL played by the processor, so that they can be tested anywhere. */
const SOFTWARE_GPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-unsafe-swiftshader',
];
const TYPES: Record<string, string> = {
  '.css': 'text/css',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.html': 'text/html',
  '.wasm': 'application/wasm',
};

/** @throws when no Chromium is installed: a browser test that does not run must not look like one that passed */
export function chromiumProgram(): string {
  const program = process.env.CHROMIUM ?? PROGRAMS.find((path) => existsSync(path));
  if (program === undefined) {
    throw new Error(
      'The browser tests need Chromium. Run: apt-get install chromium, or set CHROMIUM to its path.',
    );
  }
  return program;
}

/**
 * @param options - `gpu: true` for a GPU in software
 * @throws as {@link chromiumProgram}
 */
export async function launchChromium({ gpu = false }: { readonly gpu?: boolean } = {}): Promise<Browser> {
  const args = [...(gpu ? SOFTWARE_GPU : ['--disable-gpu']), ...CHROMIUM_FLAGS];
  return chromium.launch({ executablePath: chromiumProgram(), args });
}

export interface ServeOptions {
  /** Pages may share memory between threads: the two headers that it takes. */
  readonly isolated?: boolean;
}

/** Serves the repository's files, and `pages` (path → HTML), on a free port of this machine. */
export async function serveRepository(
  pages: Record<string, string>,
  options: ServeOptions = {},
): Promise<{ url: string; server: Server }> {
  return serveFolder(ROOT, pages, options);
}

/** {@link serveRepository} for the files of another folder. */
export async function serveFolder(
  root: string,
  pages: Record<string, string> = {},
  { isolated = false }: ServeOptions = {},
): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const page = pages[path];
    const file = join(root, normalize(path));
    if (page === undefined && !(existsSync(file) && statSync(file).isFile())) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': page
        ? 'text/html; charset=utf-8'
        : (TYPES[extname(file)] ?? 'application/octet-stream'),
      ...(isolated && {
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      }),
    });
    if (page === undefined) createReadStream(file).pipe(response);
    else response.end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
