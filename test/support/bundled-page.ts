// Code that imports the packed doors → a page that a bundler has made of it, as users' pages are made.

import { build } from 'esbuild';

/** @param contents - a module; `clippo-ts` and its peers are found from the root of the repository */
export async function bundledPage(title: string, contents: string): Promise<string> {
  const result = await build({
    stdin: { resolveDir: process.cwd(), contents },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    tsconfigRaw: '{}', // this repository's own paths are no user's
    write: false,
    logLevel: 'error',
  });
  const code = result.outputFiles[0]!.text.replaceAll('</script', '<\\/script');
  return `<!doctype html><title>${title}</title><script type="module">${code}</script>`;
}
