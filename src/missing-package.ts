// An optional package that cannot be loaded → the error that says what for it is needed, and how to come by it.

import { BackendError } from './errors.ts';

/**
 * @param purpose - what needs it, as the sentence begins: `'Reading Parquet'`
 * @param cause - what its import has thrown
 */
export function missingPackage(name: string, purpose: string, cause: unknown): BackendError {
  const { code, message } = cause as { code?: unknown; message?: unknown }; // of whatever was thrown
  // A package that is there but broken has more to say: a library it lacks, a machine it was not built for.
  const isBroken = typeof code === 'string' && !/MODULE_NOT_FOUND$/.test(code);
  const why = isBroken ? ` (${String(message).split('\n', 1)[0]})` : '';
  return new BackendError(
    `${purpose} needs the package "${name}", which cannot be loaded${why}. Run: npm install ${name}`,
    { cause },
  );
}
