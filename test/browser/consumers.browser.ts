// Projects of users that run in a page: built by Vite, webpack and esbuild, served by Vite while it is being written,
// in a module worker, and without a bundler. Each loads the model of the package and finds the nearest word.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { createServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import webpack, { type Configuration } from 'webpack';
import { launchChromium, serveFolder } from '../support/chromium.ts';
import { ANSWER, createConsumer, type PackedPackage, packPackage, ROOT, run } from '../support/consumers.ts';

const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');

let folder: string;
let packed: PackedPackage;
let browser: Browser;
const servers: Server[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clippo-consumers-'));
  packed = packPackage(folder);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the page says in the end, and whatever it complained of. */
async function visit(url: string): Promise<{ answer: string | null; complaints: string[] }> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  await page
    .waitForFunction(() => document.querySelector('output')?.textContent !== '', undefined, {
      timeout: 60_000,
    })
    .catch((error: Error) => complaints.push(error.message));
  const answer = await page.textContent('output');
  await page.close();
  return { answer, complaints };
}

async function serve(site: string): Promise<string> {
  const { url, server } = await serveFolder(site);
  servers.push(server);
  return `${url}/index.html`;
}

const WORKS = { answer: ANSWER, complaints: [] };

/** As `npx webpack`, whose command line is a package of its own. @returns errors and warnings */
async function buildWithWebpack(project: string): Promise<string> {
  const { default: config } = (await import(pathToFileURL(join(project, 'webpack.config.js')).href)) as {
    default: Configuration;
  };
  return new Promise<string>((resolve, reject) => {
    const output = { ...config.output, path: join(project, 'dist') }; // the default is of the process's folder
    // Minimizing is left out: it takes long and is no part of what is tested.
    const settings = { ...config, context: project, output, optimization: { minimize: false } };
    webpack(settings, (error, result) => {
      if (error) reject(error);
      else resolve(result!.toString({ all: false, errors: true, warnings: true }));
    });
  });
}

describe('a page', { timeout: 300_000 }, () => {
  it('built by Vite', async () => {
    const project = createConsumer('vite', packed, folder);
    run('node', [VITE, 'build', '--logLevel', 'error'], project);
    expect(await visit(await serve(join(project, 'dist')))).toEqual(WORKS);
  });

  it('served by Vite, which bundles the package before the page asks for it', async () => {
    const project = createConsumer('vite', packed, join(folder, 'dev'));
    // Files behind the links of this test lie outside of the project.
    const server = await createServer({
      root: project,
      logLevel: 'error',
      server: { fs: { strict: false } },
    });
    try {
      await server.listen(0);
      expect(await visit(server.resolvedUrls!.local[0]!)).toEqual(WORKS);
    } finally {
      await server.close();
    }
  });

  it('with a module worker, built by Vite', async () => {
    const project = createConsumer('vite-worker', packed, folder);
    run('node', [VITE, 'build', '--logLevel', 'error'], project);
    expect(await visit(await serve(join(project, 'dist')))).toEqual(WORKS);
  });

  it('built by webpack', async () => {
    const project = createConsumer('webpack', packed, folder);
    expect(await buildWithWebpack(project)).toBe('');
    expect(await visit(await serve(project))).toEqual(WORKS);
  });

  it('built by esbuild', async () => {
    const project = createConsumer('esbuild', packed, folder);
    run('node', ['build.mjs'], project);
    expect(await visit(await serve(project))).toEqual(WORKS);
  });

  it('without a bundler, with an import map', async () => {
    const project = createConsumer('plain-page', packed, folder);
    expect(await visit(await serve(project))).toEqual(WORKS);
  });
});

describe('a project without the optional packages', { timeout: 300_000 }, () => {
  const EVERY_DOOR = ['', '/render', '/train', '/eval', '/compile', '/tasks']
    .map((door, i) => `import * as door${i} from 'clippo-ts${door}';\nconsole.log(door${i});\n`)
    .join('');

  function createProject(name: string): string {
    const project = createConsumer(name, packed, join(folder, 'no-optional'));
    writeFileSync(join(project, 'main.js'), EVERY_DOOR);
    return project;
  }

  it('is built by Vite', () => {
    const project = createProject('vite');
    run('node', [VITE, 'build', '--logLevel', 'error'], project);
    expect(existsSync(join(project, 'dist/index.html'))).toBe(true);
  });

  it('is built by webpack, which tells what is missing', async () => {
    const complaints = await buildWithWebpack(createProject('webpack'));
    expect(complaints).not.toContain('ERROR');
    const missing = new Set([...complaints.matchAll(/Can't resolve '([^']+)'/g)].map((match) => match[1]));
    expect([...missing].sort()).toEqual(['@huggingface/tokenizers', 'hyparquet', 'hyparquet-compressors']);
  });
});
