// The demo page in Chromium, built once for all: its panels on each engine, what it costs, who can use it, and what it does when things go wrong.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { buildSite } from '../../examples/browser/build/site.ts';
import { launchChromium } from '../support/chromium.ts';
import { launchWithWebGpu, type Served, serveDemo, stopServing } from '../support/demo-site.ts';
import { testAccess } from './demo/access.ts';
import { testLoading } from './demo/loading.ts';
import { testPanels } from './demo/panels.ts';
import { testTrouble } from './demo/trouble.ts';

/** What the tests of the demo share. */
export interface Demo {
  /** Folder of the built site. */
  readonly site: string;
  readonly url: string;
  /** With WebGPU, by SwiftShader. */
  readonly browser: Browser;
  /** Without. */
  readonly plain: Browser;
}

// SwiftShader takes its time where there are few cores.
describe('the demo page', { timeout: 300_000 }, () => {
  const demo: { -readonly [Key in keyof Demo]?: Demo[Key] } = {};
  let served: Served | undefined;

  beforeAll(async () => {
    demo.site = await buildSite(() => {});
    served = await serveDemo(demo.site);
    demo.url = served.url;
    [demo.browser, demo.plain] = await Promise.all([launchWithWebGpu(), launchChromium()]);
  }, 600_000); // the vectors of all emoji are made once

  afterAll(async () => {
    await Promise.all([demo.browser?.close(), demo.plain?.close()]);
    if (served !== undefined) await stopServing(served);
  });

  const ready = (): Demo => demo as Demo; // called by tests, after beforeAll
  testPanels(ready);
  testLoading(ready);
  testAccess(ready);
  testTrouble(ready);
});
