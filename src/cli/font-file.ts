// Font files, or the font of the published models → one GlyphSource. Several files stand in for each other in the order they were given, such as the
// two .hex files of a Unifont release (basic and upper planes).

import { ConfigError } from '../errors.ts';
import { readFile } from '../node/index.ts';
import { fallbackFonts, type GlyphSource, parseOutlineFont, parseUnifontHex } from '../render/index.ts';
import type { Terminal } from './terminal.ts';

/**
 * @param paths - files; `exact` is the Unifont with which the published models were trained
 * @param size - px of a line, for outline fonts; Unifont is always 16
 * @returns undefined for no files: the bundled font
 */
export async function readFonts(
  paths: readonly string[] = [],
  terminal: Terminal,
  size = 16,
): Promise<GlyphSource | undefined> {
  if (paths.length === 0) return undefined;
  const fonts: GlyphSource[] = [];
  for (const path of paths) {
    fonts.push(path === 'exact' ? await fetchExact(terminal) : await readFont(path, size));
  }
  return fallbackFonts(...fonts);
}

async function fetchExact({ signal, onProgress, note }: Terminal): Promise<GlyphSource> {
  const { fetchUnifont } = await import('../unifont-release.ts');
  return fetchUnifont({ signal, onProgress, onWarning: note });
}

async function readFont(path: string, size: number): Promise<GlyphSource> {
  const isUnifont = /\.hex(\.gz)?$/i.test(path);
  if (!isUnifont && !/\.(ttf|otf|woff)$/i.test(path)) {
    throw new ConfigError(`--font ${path}: expected a .hex, .hex.gz, .ttf, .otf or .woff file, or exact.`);
  }
  const bytes = await readFile(path);
  return isUnifont ? parseUnifontHex(bytes) : parseOutlineFont(bytes, { size });
}
