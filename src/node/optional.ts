// Optional packages, imported when first needed, with an error that says what to install.

import { BackendError } from '../errors.ts';

/** @throws BackendError that names the package to install */
export async function importOptional<T>(load: () => Promise<T>, name: string, purpose: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new BackendError(
      `${purpose} needs the package "${name}", which cannot be loaded. Run: npm install ${name}`,
      {
        cause,
      },
    );
  }
}
