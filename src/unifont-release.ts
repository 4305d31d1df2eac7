// A release of GNU Unifont by its number → a font, fetched from unifoundry.com once and kept. The published models were
// trained on text drawn with 9.0.06: its two .hex files, basic plane and upper planes, as big_vision's
// pp/proj/clippo/download_unifont.sh takes them. They are under the GPL and so not part of this package.

import { DOWNLOAD_OPTIONS, type DownloadOptions, fetchKept, resolveDownloads } from './download/index.ts';
import { ConfigError, FontError } from './errors.ts';
import { describeValue, refuseUnknown } from './options.ts';
import { fallbackFonts, type GlyphSource, parseUnifontHex } from './render/index.ts';

/** Which release {@link fetchUnifont} fetches, and how. */
export interface FetchUnifontOptions extends Omit<DownloadOptions, 'sha256'> {
  /** Three numbers as in `'15.0.01'`. Default `'9.0.06'`, with which the published models were trained. */
  readonly version?: string;
  /** 64 hex digits by name of the file, e.g. `{ 'unifont-9.0.06.hex.gz': '…' }`. Default: as at the first download. */
  readonly sha256?: Readonly<Record<string, string>>;
}

/** The release with which the published models were trained. */
export const TRAINING_UNIFONT = '9.0.06';

/**
 * Fetches a release of GNU Unifont, all planes; from the second time on it comes from the cache.
 *
 * @returns a font for `render: { font }` and `renderText`
 * @throws ConfigError, FontError when it cannot be fetched or is no Unifont
 * @example const font = await fetchUnifont({ version: '9.0.06' });
 */
export async function fetchUnifont(options: FetchUnifontOptions = {}): Promise<GlyphSource> {
  const door = 'fetchUnifont';
  refuseUnknown(door, options, [...DOWNLOAD_OPTIONS, 'version']);
  const { version = TRAINING_UNIFONT, sha256 = {}, ...downloads } = options;
  if (typeof version !== 'string' || !/^\d{1,3}\.\d{1,2}\.\d{2}$/.test(version)) {
    throw new ConfigError(
      `${door}: version: expected the number of a release such as '9.0.06', got ${describeValue(version)}.`,
    );
  }
  const files = unifontFiles(version);
  refuseUnknown(`${door}: sha256`, sha256, files);
  const fonts: GlyphSource[] = [];
  for (const file of files) {
    const digest = sha256[file];
    const resolved = resolveDownloads(door, {
      ...downloads,
      ...(digest !== undefined && { sha256: digest }),
    });
    const folder = `https://unifoundry.com/pub/unifont/unifont-${version}/font-builds/`;
    const bytes = await fetchKept(
      {
        ...{ name: file, kept: file, url: new URL(file, resolved.mirror ?? folder), what: 'font' },
        failure: (message, cause) => new FontError(message, cause),
        prepare: async (published) => {
          await parseUnifontHex(published); // throws for what is none
          return [published];
        },
      },
      resolved,
    );
    fonts.push(await parseUnifontHex(bytes));
  }
  return fallbackFonts(...fonts);
}

/** Basic plane first. */
export function unifontFiles(version: string): readonly string[] {
  return [`unifont-${version}.hex.gz`, `unifont_upper-${version}.hex.gz`];
}
