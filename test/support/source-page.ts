// A page whose script is a file of this repository with the sources that it imports, packed by esbuild.

import { build } from 'esbuild';

/** @param file - the script, as a path from the root of the repository */
export async function sourcePage(file: string): Promise<string> {
  const result = await build({
    entryPoints: [file],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    alias: { '#platform': './src/web/platform.ts' },
    write: false,
    logLevel: 'error',
  });
  const code = result.outputFiles[0]!.text.replaceAll('</script', '<\\/script');
  return `<!doctype html><title>${file}</title><link rel="icon" href="data:,"><script type="module">${code}</script>`;
}
