// What the page searches: emoji without skin tones, with a picture, a name in each language and the artist. Pictures are Noto's; flags,
// which its package lacks, are those of EmojiTwo.

import { characterOf, hasTone, loadArt, loadGroups, loadWords } from '../../emoji/corpus.mjs';

/** Languages of the words that are set beside a picture, by their codes in the CLDR. */
export const LANGUAGES = ['en', 'de', 'fr', 'es', 'ru', 'ja', 'zh', 'ar'] as const;

/** Art styles, best first; the page names their licences. */
const STYLES = ['noto', 'emojione'] as const;

export interface Candidate {
  readonly code: string;
  readonly character: string;
  readonly name: string;
  readonly style: (typeof STYLES)[number];
  readonly svg: string;
}

/** Emoji of one kind stand together, so that the hits of a search lie on few sheets of pictures. @param size - px */
export function loadCandidates(size: number): Candidate[] {
  const words = loadWords('en');
  const groups = loadGroups();
  const candidates = new Map<string, Candidate>();
  for (const style of STYLES) {
    for (const [code, svg] of loadArt(style, size)) {
      const name = words.get(code)?.name;
      const isWanted = style === 'noto' || groups.get(code) === 'Flags';
      if (name === undefined || hasTone(code) || candidates.has(code) || !isWanted) continue;
      candidates.set(code, { code, character: characterOf(code), name, style, svg });
    }
  }
  const order = [...new Set(groups.values())];
  const place = ({ code }: Candidate): number => order.indexOf(groups.get(code) ?? '');
  return [...candidates.values()].sort((a, b) => place(a) - place(b));
}

/** The name of each candidate in a language, where the CLDR has one. */
export function namesIn(language: string, candidates: readonly Candidate[]): (string | undefined)[] {
  const words = loadWords(language);
  return candidates.map(({ code }) => words.get(code)?.name);
}
