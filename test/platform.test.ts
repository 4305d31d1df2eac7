// Both sides of `#platform` keep the same contract: what one lacks, or has otherwise, is a compile error here.

import { expect, it } from 'vitest';
import * as nodePlatform from '../src/node/platform.ts';
import type { Platform } from '../src/platform.ts';
import * as webPlatform from '../src/web/platform.ts';

const SIDES = { node: nodePlatform, web: webPlatform } satisfies Record<string, Platform>;

it('has the same functions in Node and in a browser', () => {
  expect(Object.keys(SIDES.node).sort()).toEqual(Object.keys(SIDES.web).sort());
});
