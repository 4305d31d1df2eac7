// Which files of the repository are pages of the site, where the site has them, and the menu of them. The site is
// made of the files as they lie: README.md is its front page, docs/ the rest, and what these link to is taken along.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DefaultTheme } from 'vitepress';

/** The repository, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Where docs/make-api.ts and links.ts put the pages that they make. */
export const API_FOLDER = 'out/api';
export const SOURCE_FOLDER = 'out/source';

/** Folders whose Markdown is part of the site. */
const FOLDERS = ['docs', 'examples', 'fonts', 'models', 'test/golden', API_FOLDER, SOURCE_FOLDER];

/** The menu. A page that is not there (yet) is left out; a page of docs/ that is not named here comes under Further. */
const MENU: Readonly<Record<string, readonly string[]>> = {
  Start: ['README.md', 'docs/getting-started.md', 'docs/install.md', 'docs/live.md', 'docs/demo.md'],
  Guides: ['own-data', 'own-classifier', 'published-checkpoints', 'onnx', 'memory'].map(
    (name) => `docs/guides/${name}.md`,
  ),
  'Room by room': [
    ...['rendering', 'model', 'checkpoints', 'data', 'data-pipeline', 'training', 'tasks', 'evaluation'],
    ...['compile', 'performance', 'paper-in-small'],
  ].map((name) => `docs/${name}.md`),
  'Command line': ['docs/cli.md', 'docs/cli-reference.md'],
};
const PROJECT = ['docs/architecture.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];

/** Every page, as a path from the root of the repository. */
export function listPages(): string[] {
  const below = FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
      .filter((file) => file.endsWith('.md') && !file.includes('/.')),
  );
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...below.sort()];
}

/** Where the site has a file of the repository: `docs/cli.md` at `cli.md`, a README at the `index.md` of its folder. */
export function sitePath(file: string): string {
  return file
    .replace(/^(docs|out)\//, '')
    .replace(/(^|\/)README\.md$/, '$1index.md')
    .toLowerCase();
}

/** What VitePress is not to look at: all Markdown that is no page. */
export function strangerFolders(): string[] {
  const inOut = existsSync(join(ROOT, 'out')) ? readdirSync(join(ROOT, 'out')) : [];
  const others = inOut.map((name) => `out/${name}`).filter((path) => !FOLDERS.includes(path));
  return ['**/node_modules/**', '**/.*/**', 'dist/**', ...others.map((path) => `${path}/**`)];
}

/** The menu beside every page. */
export function sidebar(): DefaultTheme.SidebarItem[] {
  const named = [...Object.values(MENU).flat(), ...PROJECT];
  const pages = listPages();
  const further = pages.filter((page) => page.startsWith('docs/') && !named.includes(page));
  const doors = pages.filter((page) => page.startsWith(`${API_FOLDER}/`));
  const groups = { ...MENU, API: doors, Further: further, Project: PROJECT };
  return Object.entries(groups)
    .map(([text, files]) => ({
      text,
      collapsed: false,
      items: files
        .filter((file) => pages.includes(file))
        .map((file) => ({ text: titleOf(file), link: linkTo(file) })),
    }))
    .filter(({ items }) => items.length > 0);
}

function linkTo(file: string): string {
  return `/${sitePath(file)
    .replace(/(^|\/)index\.md$/, '$1')
    .replace(/\.md$/, '')}`;
}

/** The first heading of a page, without code marks. */
function titleOf(file: string): string {
  if (file === 'README.md') return 'What it is';
  const heading = /^# (.+)$/m.exec(readFileSync(join(ROOT, file), 'utf8'))?.[1] ?? file;
  return heading.replaceAll(/[`\\]/g, '');
}
