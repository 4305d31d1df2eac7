// The flags that say how the name of a class is asked for.

import { type Command, Option } from 'commander';
import type { ClassPrompts } from '../../eval/index.ts';
import { collect } from '../option-values.ts';
import { templatesOf } from '../templates.ts';

export interface PromptFlags {
  readonly templates?: readonly string[];
  readonly aliases: 'first' | 'whole';
}

export function addPromptOptions(command: Command): Command {
  return command
    .option(
      '--templates <set>',
      'clip-81, clip-best (8), name-only, or a sentence with {} for the class; repeat it (default: clip-81)',
      collect,
    )
    .addOption(
      new Option(
        '--aliases <which>',
        'what of "tench, Tinca tinca" is the name: its first part, or the whole',
      )
        .choices(['first', 'whole'])
        .default('first'),
    );
}

/** @throws ConfigError */
export function promptsOf({ templates, aliases }: PromptFlags): ClassPrompts {
  return { aliases, ...(templates !== undefined && { templates: templatesOf(templates) }) };
}
