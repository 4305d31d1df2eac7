// `clippo download`: published checkpoints and releases of Unifont → the cache, in which every verb finds them. One that
// is there is checked; one that was cut goes on where it ended.

import type { Command } from 'commander';
import type { PublishedName } from '../checkpoint/index.ts';
import type { CacheState, DownloadOptions } from '../download/index.ts';
import { ConfigError } from '../errors.ts';
import type { FileCache } from '../file-cache.ts';
import { directoryCache } from '../node/index.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
NAME is a checkpoint that came with the paper, or unifont-VERSION; --list tells them. Of a checkpoint (540 MiB) the weights
are kept (357 MiB). Ctrl-C ends a download; the next one goes on where it ended. Whatever takes --model takes these names, and
--font exact the font of the published models.

CLIPPO_CACHE is the folder in which all of it lies, CLIPPO_MIRROR an address that has the files, CLIPPO_OFFLINE=1 forbids the network.

Examples:
  $ clippo download --list
  $ clippo download clippo_b16_yfcc100m_i21k_init_75c4 unifont-9.0.06
  $ clippo download clippo_b16_100c4 --mirror https://example.org/clippo/`;

interface Flags {
  readonly list?: boolean;
  readonly mirror?: string;
  readonly cache?: string;
  readonly sha256?: string;
  readonly json?: boolean;
}

interface Item {
  readonly name: string;
  readonly files: readonly { readonly file: string; readonly found: CacheState }[];
}

export function addDownload(program: Command, terminal: Terminal): void {
  program
    .command('download')
    .summary('fetch published checkpoints and their font')
    .description(
      'Fetches checkpoints and releases of Unifont into the cache, and checks those that are there.',
    )
    .argument('[names...]', 'which ones')
    .option('--list', 'tell what there is, and what of it lies in the cache')
    .option('--mirror <url>', 'a folder on a web server that has the files under their names')
    .option('--cache <folder>', 'where to keep them')
    .option('--sha256 <hex>', 'what the published file must be; for one checkpoint')
    .option('--json', 'print everything as JSON')
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: Flags) => download(names, flags, terminal));
}

async function download(names: readonly string[], flags: Flags, terminal: Terminal): Promise<void> {
  const { signal, onProgress } = terminal;
  const cache = directoryCache(flags.cache);
  const { PUBLISHED_MODELS } = await import('../checkpoint/index.ts');
  const { TRAINING_UNIFONT } = await import('../unifont-release.ts');
  if (flags.list) {
    const known = [...PUBLISHED_MODELS, `unifont-${TRAINING_UNIFONT}`];
    await tell(await itemsOf(names.length > 0 ? names : known, cache), { flags, cache, terminal });
    return;
  }
  if (names.length === 0) throw new ConfigError('Nothing to download. --list tells what there is.');
  if (flags.sha256 !== undefined && (names.length > 1 || versionOf(names[0]!) !== undefined)) {
    throw new ConfigError('--sha256 is of one checkpoint: give one NAME.');
  }
  await itemsOf(names, cache); // a name that is not known, before anything is fetched
  const options: DownloadOptions = {
    ...{ cache, signal, onProgress, onWarning: terminal.warn },
    ...(flags.mirror !== undefined && { mirror: flags.mirror }),
    ...(flags.sha256 !== undefined && { sha256: flags.sha256 }),
  };
  for (const name of names) {
    await fetchOne(name, options);
    terminal.endProgress();
  }
  await tell(await itemsOf(names, cache), { flags, cache, terminal });
}

async function fetchOne(name: string, { sha256, ...options }: DownloadOptions): Promise<void> {
  const version = versionOf(name);
  if (version !== undefined) {
    const { fetchUnifont } = await import('../unifont-release.ts');
    await fetchUnifont({ ...options, version });
    return;
  }
  const { readPretrained } = await import('../checkpoint/index.ts');
  const { resolveDownloads } = await import('../download/index.ts');
  const given = { ...options, ...(sha256 !== undefined && { sha256 }) };
  await readPretrained(name as PublishedName, resolveDownloads('clippo download', given)); // checked by itemsOf
}

function versionOf(name: string): string | undefined {
  return /^unifont-(\d[\d.]*)$/.exec(name)?.[1];
}

/** @throws ConfigError for a name that is none, or one of the package */
async function itemsOf(names: readonly string[], cache: FileCache): Promise<Item[]> {
  const { isShippedName, publishedFileName, requirePretrainedName } = await import('../checkpoint/index.ts');
  const { unifontFiles } = await import('../unifont-release.ts');
  const { cacheState } = await import('../download/index.ts');
  const items: Item[] = [];
  for (const name of names) {
    const version = versionOf(name);
    if (version === undefined) {
      requirePretrainedName(name);
      if (isShippedName(name))
        throw new ConfigError(`${name} is in the package; there is nothing to download.`);
    }
    const files = version === undefined ? [publishedFileName(name as PublishedName)] : unifontFiles(version);
    const found = files.map(async (file) => ({ file, found: await cacheState(cache, file) }));
    items.push({ name, files: await Promise.all(found) });
  }
  return items;
}

async function tell(
  items: readonly Item[],
  {
    flags,
    cache,
    terminal,
  }: { readonly flags: Flags; readonly cache: FileCache; readonly terminal: Terminal },
): Promise<void> {
  if (flags.json) {
    await terminal.printJson({
      cache: cache.place,
      items: items.map(({ name, files }) => ({
        name,
        files: files.map(({ file, found }) => ({
          file,
          ...(found.state === 'kept' ? { state: found.state, ...found.record } : found),
        })),
      })),
    });
    return;
  }
  await terminal.print(table(items.map(({ name, files }) => [name, ...describe(files)])));
  terminal.note(`The cache is ${cache.place}.`);
}

function describe(files: Item['files']): string[] {
  const kept = files.flatMap(({ found }) => (found.state === 'kept' ? [found.record] : []));
  if (kept.length === files.length) {
    const bytes = kept.reduce((sum, { keptBytes }) => sum + keptBytes, 0);
    return [`${(bytes / 2 ** 20).toFixed(1)} MiB`, `sha256 ${kept.map(({ sha256 }) => sha256).join(' ')}`];
  }
  const begun = files.map(({ found }) => found).find(({ state }) => state === 'partial');
  if (begun?.state !== 'partial') return ['-', 'not in the cache'];
  const of = begun.total === undefined ? '' : ` of ${(begun.total / 2 ** 20).toFixed(1)}`;
  return ['-', `${(begun.done / 2 ** 20).toFixed(1)}${of} MiB so far; goes on there`];
}
