#!/usr/bin/env node
// The executable: hands the process to runCli and its exit code back. The only file here that touches `process`.

import { runCli } from './run-cli.ts';

const controller = new AbortController();
let signalCode = 0;
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  // Once: the first ends the work cleanly, a second one meets Node's default and ends the process at once.
  process.once(name, () => {
    signalCode = code;
    controller.abort();
  });
}

const { stdout, stderr, stdin, env } = process;
// A reader that leaves early, as `clippo --help | head`, is noticed when all is done.
for (const stream of [stdout, stderr]) stream.on('error', () => {});
const code = await runCli(process.argv.slice(2), { stdout, stderr, stdin, env, signal: controller.signal });
// Not process.exit(): what is still on its way to a pipe would be lost.
process.exitCode = signalCode || code;
