// A folder of GLUE → the splits of a task that are in it.

import { DataError } from '../errors.ts';
import { diskFolder } from '../node/index.ts';
import type { GlueSource, GlueSplit, GlueTask } from '../tasks/index.ts';

export interface GlueData {
  readonly train: GlueSource;
  /** One; of MNLI two, matched first. */
  readonly devs: readonly GlueSource[];
  /** Those that are there. */
  readonly tests: readonly GlueSource[];
}

/** @throws ConfigError for another task; DataError when train or dev is missing */
export async function openGlue(door: string, name: GlueTask, path: string): Promise<GlueData> {
  const { glueFacts, readGlue } = await import('../tasks/index.ts');
  const published = Object.keys(glueFacts(door, name).splits) as GlueSplit[]; // the table's own
  const folder = diskFolder(path);
  const open = (split: GlueSplit): Promise<GlueSource> => readGlue(folder, name, { split });
  const train = await open('train');
  const devs = await Promise.all(published.filter((split) => split.startsWith('dev')).map(open));
  const tests: GlueSource[] = [];
  for (const split of published.filter((each) => each.startsWith('test'))) {
    try {
      tests.push(await open(split));
    } catch (error) {
      if (!(error instanceof DataError)) throw error; // it need not be there
    }
  }
  return { train, devs, tests };
}
