// `clippo render`: text → a PNG, or a preview in the terminal, and a report of what was drawn.

import { type Command, Option } from 'commander';
import { ConfigError } from '../errors.ts';
import { encodePng, readImage, writeFile } from '../node/index.ts';
import type { Raster } from '../raster/index.ts';
import { composeQuestion, createRenderer, type RenderedText, type RenderOptions } from '../render/index.ts';
import { readFonts } from './font-file.ts';
import { brightness, collect, imageSize, integer, positiveInteger } from './option-values.ts';
import { preview } from './preview.ts';
import { printable } from './table.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
The text comes from stdin when there is none, or when it is -; one line break at its end is dropped.

Examples:
  $ clippo render "a photo of a dog" -o dog.png
  $ clippo render "a photo of a dog"                       # preview in the terminal
  $ clippo render - --size 384 --wrap word -o page.png < page.txt
  $ clippo render "a dog" --font unifont-9.0.06.hex.gz -o dog.png
  $ clippo render "what colour is it?" --picture car.jpg -o question.png`;

interface Flags {
  readonly output?: string;
  readonly size: RenderOptions['size'] & {};
  readonly font?: readonly string[];
  readonly fontSize: number;
  readonly wrap: 'character' | 'word';
  readonly monospace?: boolean;
  readonly keepCase?: boolean;
  readonly brightness: { textBrightness: number; backgroundBrightness: number };
  readonly spacing: number;
  readonly minWidth: number;
  readonly maxCharacters: number;
  readonly picture?: string;
  readonly placement: 'top' | 'middle' | 'bottom';
  readonly overlay?: boolean;
  readonly json?: boolean;
}

export function addRender(program: Command, terminal: Terminal): void {
  const command = program
    .command('render')
    .summary('draw text as the models see it')
    .description('Draws text as the models see it, into a PNG or onto the terminal.')
    .argument('[text...]', 'the text; several arguments are joined by spaces')
    .option('-o, --output <file>', 'PNG to write, - for stdout')
    .option('--size <px>', 'side of the square canvas, or WIDTHxHEIGHT', imageSize, 224)
    .option('--font <file>', '.hex, .hex.gz, .ttf, .otf or .woff; repeat it for fallbacks', collect)
    .option('--font-size <px>', 'height of a line of an outline font', positiveInteger, 16)
    .addOption(
      new Option('--wrap <where>', 'where lines break').choices(['character', 'word']).default('character'),
    )
    .option('--monospace', 'keep whole cells instead of trimming glyphs to their ink')
    .option('--keep-case', 'do not turn A-Z into a-z')
    .addOption(
      new Option('--brightness <text,background>', 'each 0 (black) to 255 (white)')
        .argParser(brightness)
        .default({ textBrightness: 0, backgroundBrightness: 127 }, '0,127'),
    )
    .option('--spacing <px>', 'blank columns left of the ink', integer, 1)
    .option('--min-width <px>', 'least width of a glyph', integer, 4)
    .option('--max-characters <n>', 'code points that are kept, 0 for all', integer, 768)
    .option('--picture <file>', 'draw the text as a strip over this picture (needs -o)')
    .addOption(
      new Option('--placement <where>', 'where the strip stands')
        .choices(['top', 'middle', 'bottom'])
        .default('top'),
    )
    .option('--overlay', 'lay the strip over the picture instead of beside it')
    .option('--json', 'print the report as JSON on stdout')
    .addHelpText('after', EXAMPLES);
  command.action((words: readonly string[], flags: Flags) => render(words, flags, terminal));
}

async function render(words: readonly string[], flags: Flags, terminal: Terminal): Promise<void> {
  checkFlags(flags, terminal);
  const text =
    words.length === 0 || (words.length === 1 && words[0] === '-')
      ? await readText(terminal)
      : words.join(' ');
  const font = await readFonts(flags.font, terminal, flags.fontSize);
  const options: RenderOptions = {
    size: flags.size,
    wrap: flags.wrap,
    monospace: flags.monospace ?? false,
    lowercase: !flags.keepCase,
    spacing: flags.spacing,
    minWidth: flags.minWidth,
    maxCharacters: flags.maxCharacters,
    ...flags.brightness,
    ...(font && { font }),
  };
  if (flags.picture !== undefined) {
    const { placement, overlay } = flags;
    const mode = overlay ? 'overlay' : 'strip';
    const raster = await composeQuestion(text, await readImage(flags.picture), {
      ...options,
      placement,
      mode,
    });
    await save(raster, flags, terminal);
    const { width, height, characterCount, droppedCharacters } = raster;
    if (flags.json) {
      const { output } = flags;
      await terminal.printJson({ output, width, height, characterCount, droppedCharacters });
      return;
    }
    terminal.note(`${sizeOf(raster)} px, the text in a strip at the ${placement}.`);
    if (droppedCharacters > 0) terminal.note(unseen(raster));
    return;
  }
  const rendered = (await createRenderer(options)).render(text);
  if (flags.output !== undefined) await save(rendered, flags, terminal);
  else if (!flags.json) await terminal.print(preview(rendered, flags.brightness, terminal.columns!)); // checked above
  if (flags.json) await terminal.printJson(report(rendered, flags.output));
  else for (const line of describe(rendered)) terminal.note(line);
}

/** Before anything is read or drawn. */
function checkFlags({ output, json, picture, overlay, placement }: Flags, terminal: Terminal): void {
  if (output === undefined && picture !== undefined) throw new ConfigError('--picture needs -o FILE.');
  if (picture === undefined && (overlay || placement !== 'top')) {
    throw new ConfigError('--placement and --overlay need --picture FILE.');
  }
  if (output === undefined && !json && terminal.columns === undefined) {
    throw new ConfigError(
      'stdout is no terminal to preview on. Give -o FILE.png, or --json for the report alone.',
    );
  }
  if (output === '-' && json) throw new ConfigError('-o - and --json both want stdout. Give -o a file.');
  if (output !== undefined && output !== '-' && !/\.png$/i.test(output)) {
    throw new ConfigError(
      `-o ${output}: only PNG is written. Give a name that ends in .png, or - for stdout.`,
    );
  }
}

async function readText(terminal: Terminal): Promise<string> {
  return (await terminal.readInput()).replace(/\r?\n$/, '');
}

async function save(raster: Raster, { output }: Flags, terminal: Terminal): Promise<void> {
  const png = encodePng(raster);
  if (output === '-') await terminal.print(png);
  else await writeFile(output!, [png], { signal: terminal.signal });
}

function sizeOf({ width, height }: Raster): string {
  return `${width} x ${height}`;
}

function report(rendered: RenderedText, output: string | undefined): object {
  const { width, height, lines, characterCount, visibleCharacters, droppedCharacters, truncatedCharacters } =
    rendered;
  return {
    ...(output !== undefined && { output }),
    width,
    height,
    characterCount,
    visibleCharacters,
    droppedCharacters,
    truncatedCharacters,
    missingGlyphs: rendered.missingGlyphs,
    lines,
  };
}

function describe(rendered: RenderedText): string[] {
  const { lines, characterCount, droppedCharacters, missingGlyphs } = rendered;
  const report = [
    `${sizeOf(rendered)} px, ${characterCount} characters in ${lines.length} ${lines.length === 1 ? 'line' : 'lines'}:`,
  ];
  for (const line of lines) report.push(`  ${printable(line.text)}`);
  if (droppedCharacters > 0) report.push(unseen(rendered));
  if (missingGlyphs > 0) report.push(`${missingGlyphs} characters have no glyph in the font and are blank.`);
  return report;
}

/** @param drawn - of which at least one character did not fit; `truncatedCharacters` of these were never tried */
function unseen(drawn: {
  readonly characterCount: number;
  readonly droppedCharacters: number;
  readonly truncatedCharacters?: number;
}): string {
  const { characterCount, droppedCharacters, truncatedCharacters = 0 } = drawn;
  const cut = truncatedCharacters > 0 ? ` (${truncatedCharacters} of them cut by --max-characters)` : '';
  return `${droppedCharacters} of ${characterCount} characters did not fit and are not seen${cut}. Try a larger --size.`;
}
