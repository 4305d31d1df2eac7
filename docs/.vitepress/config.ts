// The documentation site: `npm run docs` builds it into out/site, `npm run docs:dev` serves it while one writes.
// Its pages are the Markdown files of the repository (pages.ts) and the API reference (docs/make-api.ts). Nothing on
// it comes from another server.

import { defineConfig } from 'vitepress';
import { headingAnchor, repositoryLinks, writeSourcePages } from './links.ts';
import { ROOT, sidebar, sitePath, strangerFolders } from './pages.ts';

/** Where the repository is published; every page then has a link to it. Not decided yet. */
const REPOSITORY: string | undefined = undefined;

/** Four patches, one of them a picture. */
const ICON =
  'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"%3E%3Cpath fill="%237f7f7f" d="M0 0h7v7H0zM9 0h7v7H9zM0 9h7v7H0z"/%3E%3Cpath fill="%23e56717" d="M9 9h7v7H9z"/%3E%3C/svg%3E';

writeSourcePages();

export default defineConfig({
  title: 'clippo-ts',
  description: 'CLIPPO in TypeScript: one Vision Transformer reads pictures and text',
  lang: 'en-GB',
  // The path that the site is served under, such as /clippo-ts/.
  base: process.env.DOCS_BASE ?? '/',
  head: [['link', { rel: 'icon', href: ICON }]],
  srcDir: ROOT,
  srcExclude: strangerFolders(),
  rewrites: sitePath,
  outDir: `${ROOT}out/site`,
  cacheDir: `${ROOT}out/vitepress`,
  ignoreDeadLinks: false,
  markdown: {
    anchor: { slugify: headingAnchor },
    // The usual ones are too pale on the grounds of VitePress.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: repositoryLinks,
  },
  vite: {
    // The font is one module of 2 MB, loaded when the first text is drawn.
    build: { chunkSizeWarningLimit: 3000 },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    sidebar: sidebar(),
    nav: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'Live', link: '/live' },
      { text: 'Command line', link: '/cli' },
      { text: 'API', link: '/api/' },
    ],
    ...(REPOSITORY === undefined ? {} : { socialLinks: [{ icon: 'github', link: REPOSITORY }] }),
    externalLinkIcon: true,
  },
});
