// `--templates` → the sentences around the name of a class: a set that has a name, or sentences as they stand.

import { ConfigError } from '../errors.ts';
import type { Templates } from '../prompts.ts';

const SETS = ['clip-81', 'clip-best', 'name-only'] as const;

/**
 * @param given - one flag each
 * @throws ConfigError for a sentence without a place for the name, and for a set that has company
 */
export function templatesOf(given: readonly string[]): Templates {
  const set = SETS.find((name) => given.includes(name));
  if (set !== undefined) {
    if (given.length === 1) return set;
    throw new ConfigError(`--templates ${set}: a set stands alone. Leave it out, or the others.`);
  }
  const wrong = given.find((sentence) => !sentence.includes('{}'));
  if (wrong === undefined) return given;
  throw new ConfigError(
    `--templates ${wrong}: expected ${SETS.join(', ')}, or a sentence with {} where the label goes.`,
  );
}
