// Optional packages, loaded when first needed, with an error that says what to install.

import { missingPackage } from '../missing-package.ts';

/** @throws BackendError that names the package to install */
export async function importOptional<T>(load: () => Promise<T>, name: string, purpose: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw missingPackage(name, purpose, cause);
  }
}

/** {@link importOptional} for a package that can be had at once. @throws BackendError */
export function requireOptional<T>(load: () => T, name: string, purpose: string): T {
  try {
    return load();
  } catch (cause) {
    throw missingPackage(name, purpose, cause);
  }
}
