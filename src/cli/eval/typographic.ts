// `clippo eval typographic`: pictures with a wrong word on them, published ones or such as are drawn here.

import { type Command, Option } from 'commander';
import { type AttackSource, readAttackAnnotations, readAttackFolder } from '../../data/index.ts';
import { ConfigError, DataError } from '../../errors.ts';
import type { TypographicAttackOptions } from '../../eval/index.ts';
import { diskFolder } from '../../node/index.ts';
import { isFolder } from '../data-source.ts';
import { integer, positiveInteger } from '../option-values.ts';
import type { Terminal } from '../terminal.ts';
import { addPromptOptions, type PromptFlags, promptsOf } from './class-prompts.ts';
import { addEvaluationOptions, type EvaluationFlags, runEvaluation } from './evaluation-run.ts';
import { addLabelledOptions, type LabelledFlags, openLabelled } from './labelled-data.ts';

const EXAMPLES = `
Values: attackedAccuracy; attackSuccessRate, the share of the pictures that are taken for what is written on them; where
there are clean pictures, cleanAccuracy and the drop from it.

Published data, told apart by what lies in the folder:
  RTA-100      github.com/azuma164/Defense-Prefix, rta100.zip: label=dog_text=cat.png
  PAINT        github.com/mlfoundations/patching, typographic_attacks/: named alike
  Materzyńska  github.com/joaanna/disentangling_spelling_in_clip, by its link to Google Drive: annotations.json,
               classes.json, images/; --other-words add makes classes of words that are none
Their authors ask by one sentence: "a photo of a {}." for RTA-100, "a photo of {}." for Materzyńska's.
With --draw, words are drawn on labelled pictures: data as for clippo eval zero-shot, without texts.

Examples:
  $ clippo eval typographic rta100 --templates "a photo of a {}." --model clippo.npz --out results/rta100
  $ clippo eval typographic imagenet/val --names classnames.txt --draw --placement random --model clippo.npz`;

interface DrawingFlags extends LabelledFlags {
  readonly seed?: number;
  readonly placement?: 'top' | 'middle' | 'bottom' | 'random';
  readonly mode?: 'strip' | 'overlay';
  readonly scale?: number;
}

interface Flags extends EvaluationFlags, PromptFlags, DrawingFlags {
  readonly draw?: boolean;
  readonly otherWords?: 'skip' | 'add';
}

export function addTypographic(evaluate: Command, terminal: Terminal): void {
  const command = evaluate
    .command('typographic')
    .summary('wrong words on pictures: published, or drawn here')
    .description(
      'Tells how a wrong word on a picture misleads the model: on published photographs, or drawn here.',
    )
    .argument('<data>', 'folder as it was published; with --draw, clean pictures with labels')
    .addOption(
      new Option(
        '--other-words <how>',
        'Materzyńska: words that are no class: leave the picture out, as by default, or make them classes',
      ).choices(['skip', 'add']),
    )
    .option('--draw', 'draw the name of a wrong class on every picture')
    .option('--seed <n>', '--draw: chooses the words and random places (default: 0)', integer)
    .addOption(
      new Option('--placement <where>', '--draw: where the word stands, by default at the top').choices([
        ...['top', 'middle', 'bottom', 'random'],
      ]),
    )
    .addOption(
      new Option('--mode <how>', '--draw: on a grey strip, as by default, or letters alone').choices([
        ...['strip', 'overlay'],
      ]),
    )
    .option(
      '--scale <n>',
      '--draw: times 16 px, height of the letters (default: by the size)',
      positiveInteger,
    );
  addEvaluationOptions(addPromptOptions(addLabelledOptions(command)))
    .addHelpText('after', EXAMPLES)
    .action(async (data: string, flags: Flags) => {
      const prompts = promptsOf(flags);
      const attacks = await (flags.draw === true ? drawn : published)(data, flags, terminal);
      const { typographicAttack } = await import('../../eval/index.ts'); // it brings tfjs along
      await runEvaluation(flags, terminal, (options) =>
        typographicAttack({ ...options, ...prompts, attacks }),
      );
    });
}

async function drawn(
  data: string,
  { otherWords, seed, placement, mode, scale, ...labelled }: Flags,
  terminal: Terminal,
): Promise<TypographicAttackOptions['attacks']> {
  if (otherWords !== undefined)
    throw new ConfigError('--other-words: not with --draw, which takes classes only.');
  return {
    clean: await openLabelled(data, labelled, terminal),
    ...(seed !== undefined && { seed }),
    ...(placement !== undefined && { placement }),
    ...(mode !== undefined && { mode }),
    ...(scale !== undefined && { scale }),
  };
}

async function published(data: string, flags: Flags): Promise<AttackSource> {
  const { otherWords } = flags;
  const forDrawing = (['seed', 'placement', 'mode', 'scale', 'names', 'classes'] as const).filter(
    (name) => flags[name] !== undefined,
  );
  if (forDrawing.length > 0) {
    throw new ConfigError(`--${forDrawing.join(', --')}: only for words that are drawn. Add --draw.`);
  }
  if (!isFolder(data)) {
    throw new DataError(
      `${data}: there is no such folder. Expected published pictures with words, or --draw and clean ones.`,
    );
  }
  const tree = diskFolder(data);
  let isNamed = false;
  for await (const path of tree.list()) {
    if (/^annotations?\.json$/.test(path)) {
      const source = await readAttackAnnotations(tree, otherWords === undefined ? {} : { otherWords });
      return { ...source, name: data };
    }
    isNamed ||= /(^|\/)label=[^/]*_text=[^/]*$/.test(path);
  }
  if (!isNamed) {
    throw new DataError(
      `${data}: expected annotations.json (Materzyńska) or pictures called label=…_text=….png (RTA-100, PAINT). To have words drawn on clean pictures, add --draw.`,
    );
  }
  if (otherWords !== undefined) {
    throw new ConfigError(`--other-words: only for annotations.json, and ${data} has none.`);
  }
  return { ...(await readAttackFolder(tree)), name: data };
}
