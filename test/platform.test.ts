// Both sides of `#platform` keep the same contract: what one lacks, or has otherwise, is a compile error here.

import { expect, it } from 'vitest';
import * as nodePlatform from '../src/node/platform.ts';
import type { Platform } from '../src/platform.ts';
import * as webPlatform from '../src/web/platform.ts';

const SIDES = { node: nodePlatform, web: webPlatform } satisfies Record<string, Platform>;

it('has the same functions in Node and in a browser', () => {
  expect(Object.keys(SIDES.node).sort()).toEqual(Object.keys(SIDES.web).sort());
});

it('tells a page how to come by the tokenizer that it cannot open by itself', async () => {
  await expect(webPlatform.parseTokenizerJson(new Uint8Array(), { name: 'of the model' })).rejects.toThrow(
    `tokenizer "of the model": a page does not read a tokenizer.json by itself. Read it and hand it in: import { parseTokenizerJson } from 'clippo-ts/eval';`,
  );
});
