// Other processes: PyTorch scripts, which may be missing here, and fresh Node processes, whose memory and start are
// measured.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What keeps a partner from taking part. */
export class Absent extends Error {}

/** The status by which the scripts say that a Debian package is missing. */
const MISSING = 3;

/** Runs a script of test/bench/pytorch; what its last line says. @throws Absent */
export async function runPython(script: string, args: readonly string[]): Promise<Record<string, unknown>> {
  const path = fileURLToPath(new URL(`../pytorch/${script}`, import.meta.url));
  // Debian's own, because its packages are found by no other.
  return lastLine(await run('/usr/bin/python3', [path, ...args]));
}

/** Runs a file of this folder in a process of its own; what its last line says. */
export async function runNode(file: string, argument: unknown): Promise<Record<string, unknown>> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return lastLine(
    await run(process.execPath, ['--expose-gc', '--import', 'tsx', path, JSON.stringify(argument)]),
  );
}

function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (stdout += text));
    child.stderr.on('data', (text: Buffer) => (stderr += text));
    child.on('error', (error) => reject(new Absent(`${program} cannot be started: ${error.message}`)));
    child.on('close', (status) => {
      if (status === 0) resolve(stdout);
      else if (status === MISSING) reject(new Absent(stderr.trim()));
      else reject(new Error(`${program} ${args.join(' ')} ended with status ${status}: ${stderr}`));
    });
  });
}

function lastLine(text: string): Record<string, unknown> {
  return JSON.parse(text.trim().split('\n').at(-1) ?? '');
}
