// Links of the Markdown files, which are those of the repository, become links of the site: to a page where the file is
// one, and else to a page that shows the source. The anchors are GitHub's, so that one link works in both places.

import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, isAbsolute, join, normalize, relative } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { listPages, ROOT, SOURCE_FOLDER, sitePath } from './pages.ts';

/** Endings that Vite serves as they are; a link to such a file is a link to it. */
const ASSETS = ['.png', '.svg', '.jpg'];

/** A heading as GitHub makes an anchor of it. */
export function headingAnchor(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The file that a link leads to, from the root of the repository; undefined for addresses, anchors and assets. */
export function linkedFile(page: string, link: string): string | undefined {
  if (/^([a-z]+:|#|\/)/i.test(link)) return undefined;
  const path = normalize(join(dirname(page), decodeURI(link.replace(/[?#].*$/, ''))));
  const isFile = existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isFile();
  return isFile && !ASSETS.includes(extname(path)) ? path : undefined;
}

/** Makes a page of every source that some page links to, in `out/source`. */
export function writeSourcePages(): void {
  const folder = join(ROOT, SOURCE_FOLDER);
  rmSync(folder, { recursive: true, force: true });
  const sources = new Set<string>();
  for (const page of listPages()) {
    const text = readFileSync(join(ROOT, page), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const file = linkedFile(page, link);
      if (file !== undefined && !file.endsWith('.md')) sources.add(file);
    }
  }
  for (const source of sources) {
    const page = join(ROOT, sourcePage(source));
    mkdirSync(dirname(page), { recursive: true });
    writeFileSync(page, sourceText(source));
  }
}

/** Without the dot that a folder's name may begin with: VitePress does not look into such folders. */
function sourcePage(file: string): string {
  return `${SOURCE_FOLDER}/${file.replaceAll(/(^|\/)\./g, '$1')}.md`;
}

function sourceText(file: string): string {
  const language = { '.mjs': 'js', '.ts': 'ts', '.json': 'json' }[extname(file)] ?? 'text';
  const code = readFileSync(join(ROOT, file), 'utf8').trimEnd();
  return `---\nsearch: false\noutline: false\n---\n\n# ${file}\n\n\`\`\`\`${language}\n${code}\n\`\`\`\`\n`;
}

/** Teaches VitePress's Markdown the links above, and shows why a block is not run. */
export function repositoryLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('repository-links', (state) => {
    const { realPath, path } = state.env as { realPath?: string; path?: string };
    const file = realPath ?? path;
    if (file === undefined || !isAbsolute(file)) return;
    const page = relative(ROOT, file).replaceAll('\\', '/');
    for (const token of state.tokens.flatMap(({ children }) => children ?? [])) {
      const link = token.type === 'link_open' ? token.attrGet('href') : null;
      const target = link === null ? undefined : linkedFile(page, link);
      if (link === null || target === undefined) continue;
      const anchor = link.includes('#') ? link.slice(link.indexOf('#')) : '';
      const place = sitePath(target.endsWith('.md') ? target : sourcePage(target));
      token.attrSet('href', `/${place.replace(/(^|\/)index\.md$/, '$1')}${anchor}`);
    }
  });

  const fence = markdown.renderer.rules.fence!;
  markdown.renderer.rules.fence = (...args) => {
    const [tokens, index] = args;
    const reason = /no-run: (.+)$/.exec(tokens[index]!.info)?.[1];
    const note =
      reason === undefined
        ? ''
        : `<p class="not-run">No test runs this block: ${markdown.utils.escapeHtml(reason)}.</p>`;
    return fence(...args) + note;
  };
}
