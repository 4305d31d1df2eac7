// Measures what the doors weigh in a page and writes it into docs/install.md: `npm run build && npx tsx
// docs/make-sizes.ts`. test/package/sizes.test.ts holds the same figures against their budgets.

import { readFileSync, writeFileSync } from 'node:fs';
import { measureSizes, sizeTable } from './figures/sizes.ts';

const PAGE = new URL('install.md', import.meta.url);
const MARKS = /(?<=^<!-- figures: sizes -->\n)[\s\S]*?(?=^<!-- \/figures -->$)/m;

const text = readFileSync(PAGE, 'utf8');
if (!MARKS.test(text))
  throw new Error('docs/install.md: the marks of the figures are not there. Expected "figures: sizes".');
const sizes = sizeTable(await measureSizes());
writeFileSync(PAGE, text.replace(MARKS, `\n${sizes}\n\n`));
console.log(sizes);
