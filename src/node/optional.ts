// Optional packages, loaded when first needed, with an error that says what to install.

import { BackendError } from '../errors.ts';

/** @throws BackendError that names the package to install */
export async function importOptional<T>(load: () => Promise<T>, name: string, purpose: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw missing(name, purpose, cause);
  }
}

/** {@link importOptional} for a package that can be had at once. @throws BackendError */
export function requireOptional<T>(load: () => T, name: string, purpose: string): T {
  try {
    return load();
  } catch (cause) {
    throw missing(name, purpose, cause);
  }
}

function missing(name: string, purpose: string, cause: unknown): BackendError {
  const { code, message } = cause as { code?: unknown; message?: unknown }; // of whatever was thrown
  // A package that is there but broken has more to say: a library it lacks, a machine it was not built for.
  const isBroken = typeof code === 'string' && !/MODULE_NOT_FOUND$/.test(code);
  const why = isBroken ? ` (${String(message).split('\n', 1)[0]})` : '';
  return new BackendError(
    `${purpose} needs the package "${name}", which cannot be loaded${why}. Run: npm install ${name}`,
    { cause },
  );
}
