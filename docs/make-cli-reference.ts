// Makes docs/cli-reference.md of the command line itself: `npm run docs:cli`. Every verb, argument and flag, as
// commander knows them, with the help text that follows them. A test compares.

import type { EventEmitter } from 'node:events';
import { writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Argument, Command, Option } from 'commander';
import { createProgram } from '../src/cli/run-cli.ts';
import { createTerminal } from '../src/cli/terminal.ts';

const HEAD = `# Command line reference

Every verb of \`clippo\` with all its arguments and flags, as \`clippo VERB --help\` prints them. This page is made of the
program by \`npm run docs:cli\`; what the verbs are for, with examples and their output, is told in [the command
line](cli.md).
`;

/** The page, as it should be. */
export function cliReference(): string {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const terminal = createTerminal({
    ...streams,
    stdin: new PassThrough(),
    env: {},
    signal: new AbortController().signal,
  });
  const program = createProgram(streams, terminal);
  const shared = `## Every verb\n\n${optionTable(program.options)}\n${afterHelp(program)}`;
  const sections = program.commands.map((verb) => sectionOf(verb, ['clippo']));
  return `${HEAD}\n${shared}${sections.join('')}`.replaceAll(/\n{3,}/g, '\n\n');
}

function sectionOf(command: Command, above: readonly string[]): string {
  const names = [...above, command.name()];
  const usage = [...names, command.usage()].join(' ');
  const tables = [argumentTable(command.registeredArguments), optionTable(command.options)].filter(Boolean);
  return [
    `\n${'#'.repeat(names.length)} ${names.join(' ')}\n`,
    `${escapeText(command.description())}\n`,
    `\`\`\`text\n${usage}\n\`\`\`\n`,
    ...tables,
    afterHelp(command),
    ...command.commands.map((verb) => sectionOf(verb, names)),
  ].join('\n');
}

function argumentTable(args: readonly Argument[]): string {
  if (args.length === 0) return '';
  const rows = args.map((argument) => `| \`${argument.name()}\` | ${escapeText(argument.description)} |`);
  return `| argument | meaning |\n| --- | --- |\n${rows.join('\n')}\n`;
}

function optionTable(options: readonly Option[]): string {
  const shown = options.filter(({ hidden }) => !hidden);
  if (shown.length === 0) return '';
  const rows = shown.map((option) => {
    const cells = [`\`${option.flags}\``, meaningOf(option), defaultOf(option)];
    return `| ${cells.join(' | ')} |`;
  });
  return `| flag | meaning | default |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

/** A default that the flag has only under some condition stands at the end of its description. */
const TOLD_DEFAULT = / ?\(default: (.+)\)$/;

function meaningOf({ description, argChoices }: Option): string {
  const choices = argChoices?.map((choice) => `\`${choice}\``).join(', ');
  const meaning = escapeText(description.replace(TOLD_DEFAULT, ''));
  return [meaning, choices].filter(Boolean).join(': ');
}

function defaultOf({
  description,
  mandatory,
  negate,
  defaultValue,
  defaultValueDescription,
}: Option): string {
  const told = TOLD_DEFAULT.exec(description)?.[1];
  if (told !== undefined) return escapeText(told);
  if (defaultValue === undefined || defaultValue === false || negate) return mandatory ? 'needed' : '';
  if (Array.isArray(defaultValue) && defaultValue.length === 0) return '';
  const text = typeof defaultValue === 'string' ? defaultValue : JSON.stringify(defaultValue);
  return `\`${(defaultValueDescription ?? text).replaceAll('|', '\\|')}\``;
}

/** What the help says after the flags. */
function afterHelp(command: Command): string {
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  // commander's own types leave out that a command is an emitter; addHelpText listens for this.
  (command as Command & EventEmitter).emit('afterHelp', { error: false, write, command });
  return text.trim() === '' ? '' : `\`\`\`text\n${text.trim()}\n\`\`\`\n`;
}

/** Text of the help inside a Markdown table: what Markdown or HTML would take for their own. */
function escapeText(text: string): string {
  return text.replaceAll(/[|<>*_[\]{}]/g, '\\$&').replaceAll('\n', ' ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('cli-reference.md', import.meta.url), cliReference());
  console.log('docs/cli-reference.md');
}
