// `clippo render` from the command line to the pixels.

import { readdirSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { encodePng, readImage } from '../../src/node/index.ts';
import { createRaster } from '../../src/raster/index.ts';
import { composeQuestion, parseUnifontHex, renderText } from '../../src/render/index.ts';
import { temporaryFolder } from '../node/temporary-folder.ts';
import { clippo } from './run-command.ts';

const path = temporaryFolder();
/** A font of one glyph: a narrow block for the letter a. */
const BLOCK = '0061:FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\n';

/** The grey values of a PNG of the command. */
async function pixels(png: string | Uint8Array): Promise<number[]> {
  const { data, channels } = await readImage(png);
  return Array.from(data).filter((_, i) => i % channels === 0);
}

describe('clippo render', () => {
  it('writes what renderText draws', async () => {
    const { code, stdout, stderr } = await clippo(['render', 'A photo', 'of a dog', '-o', path('dog.png')]);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toBe('224 x 224 px, 16 characters in 1 line:\n  a photo of a dog\n');
    const expected = await renderText('a photo of a dog');
    expect(await pixels(path('dog.png'))).toEqual(Array.from(expected.data));
    expect(readdirSync(path())).toEqual(['dog.png']);
  });

  it('passes every option on', async () => {
    const flags =
      '--size 64x32 --wrap word --keep-case --brightness 255,10 --spacing 2 --min-width 6 --max-characters 5';
    const { bytes } = await clippo(['render', 'AB cd ef', '-o', '-', ...flags.split(' ')]);
    const expected = await renderText('AB cd ef', {
      size: { width: 64, height: 32 },
      wrap: 'word',
      lowercase: false,
      textBrightness: 255,
      backgroundBrightness: 10,
      spacing: 2,
      minWidth: 6,
      maxCharacters: 5,
    });
    expect(await pixels(bytes)).toEqual(Array.from(expected.data));
    const monospace = await clippo(['render', 'ab', '-o', '-', '--monospace']);
    expect(await pixels(monospace.bytes)).toEqual(
      Array.from((await renderText('ab', { monospace: true })).data),
    );
  });

  it.each([[['render']], [['render', '-']]])(
    '%j reads stdin without the line break at its end',
    async (argv) => {
      const { bytes } = await clippo([...argv, '-o', '-'], { stdin: 'zwei\nZeilen\r\n' });
      expect(await pixels(bytes)).toEqual(Array.from((await renderText('zwei\nZeilen')).data));
    },
  );

  it('does not wait for a keyboard', async () => {
    const keyboard = Object.assign(new PassThrough(), { isTTY: true });
    const { code, stderr } = await clippo(['render', '-o', '-'], { stdin: keyboard });
    expect([code, stderr]).toEqual([2, 'clippo: Expected text on stdin, but nothing is piped into it.\n']);
  });

  it('stops waiting for stdin on Ctrl-C', async () => {
    const controller = new AbortController();
    const run = clippo(['render', '-o', path('x.png')], {
      stdin: new PassThrough(),
      signal: controller.signal,
    });
    controller.abort();
    expect((await run).code).toBe(130);
    expect(readdirSync(path())).toEqual([]);
  });

  it('reports as JSON what was dropped and what has no glyph', async () => {
    const { code, stdout, stderr } = await clippo([
      'render',
      `${'x'.repeat(40)}\ue000`,
      '--size',
      '32',
      '--json',
    ]);
    expect([code, stderr]).toEqual([0, '']);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ width: 32, height: 32, characterCount: 41, missingGlyphs: 1 });
    expect(report.visibleCharacters + report.droppedCharacters).toBe(41);
    expect(report.lines.map((line: { top: number }) => line.top)).toEqual([0, 16]);
  });

  it('says in words what was dropped', async () => {
    const { stderr } = await clippo(['render', 'x'.repeat(900), '--size', '32', '-o', path('x.png')]);
    expect(stderr).toMatch(
      /\d+ of 900 characters did not fit and are not seen \(132 of them cut by --max-characters\)/,
    );
  });

  it('escapes control characters in the report', async () => {
    const { stderr } = await clippo(['render', 'a\u001b[31mb', '-o', path('x.png')]);
    expect(stderr).toContain('  a\\u001b[31mb\n');
  });

  it('draws with other fonts, the first that has a glyph', async () => {
    writeFileSync(path('a.hex'), BLOCK);
    writeFileSync(path('b.hex'), '0062:00000000000000000000000000000001\n');
    const fonts = ['--font', path('a.hex'), '--font', path('b.hex')];
    const { code, bytes } = await clippo(['render', 'abc', '-o', '-', ...fonts]);
    expect(code).toBe(0);
    const font = await parseUnifontHex(`${BLOCK}0062:00000000000000000000000000000001\n`);
    expect(await pixels(bytes)).toEqual(Array.from((await renderText('abc', { font })).data));
  });

  it('tells a broken font', async () => {
    writeFileSync(path('a.hex'), 'no font');
    const { code, stderr } = await clippo(['render', 'a', '-o', '-', '--font', path('a.hex')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^clippo: parseUnifontHex: line 1: .*\n$/);
  });

  it('composes a question and a picture', async () => {
    const picture = createRaster(40, 30, 3, 200);
    writeFileSync(path('in.png'), encodePng(picture));
    const flags = ['--picture', path('in.png'), '--placement', 'bottom', '--overlay', '--size', '64'];
    const { code } = await clippo(['render', 'what?', '-o', path('out.png'), ...flags]);
    expect(code).toBe(0);
    const expected = await composeQuestion('what?', picture, {
      placement: 'bottom',
      mode: 'overlay',
      size: 64,
    });
    expect((await readImage(path('out.png'))).data).toEqual(expected.data);
    const long = await clippo(['render', 'what? '.repeat(20), '-o', path('out.png'), ...flags]);
    expect(long.stderr).toContain('95 of 120 characters did not fit and are not seen. Try a larger --size.');
  });

  it('is silent with --quiet', async () => {
    expect(await clippo(['render', 'a', '--quiet', '-o', path('x.png')])).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  it('tells a folder that is not there', async () => {
    const { code, stderr } = await clippo(['render', 'a', '-o', path('no', 'x.png')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^clippo: Cannot write .*x\.png: there is no such file or folder\.\n$/);
  });
});

describe('preview', () => {
  it('shows two pixels a character where the text fits', async () => {
    writeFileSync(path('a.hex'), BLOCK);
    const { code, stdout } = await clippo(['render', 'aa', '--font', path('a.hex')], { columns: 80 });
    expect([code, stdout]).toEqual([0, `${'█'.repeat(16)}\n`.repeat(8)]);
  });

  it('shows eight pixels a character in a narrow window, shrunk where that is too wide still', async () => {
    writeFileSync(path('a.hex'), BLOCK);
    const argv = ['render', 'aaaa', '--font', path('a.hex')];
    expect((await clippo(argv, { columns: 20 })).stdout).toBe(`${'⣿'.repeat(16)}\n`.repeat(4));
    expect((await clippo(argv, { columns: 8 })).stdout).toBe(`${'⣿'.repeat(8)}\n`.repeat(2));
  });

  it('knows ink by its brightness', async () => {
    writeFileSync(path('a.hex'), '0061:FF000000000000000000000000000000\n');
    const argv = ['render', 'a', '--brightness', '255,0', '--font', path('a.hex')];
    expect((await clippo(argv, { columns: 80 })).stdout).toBe(`${'▀'.repeat(8)}\n${'\n'.repeat(7)}`);
  });
});
