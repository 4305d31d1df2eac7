// Every error this library throws on purpose. One base class, so that a caller can tell "you gave me
// something wrong" from a bug; a `code` that stays stable while messages improve.
// A message says what was being done, what came, what was expected, and how to mend it.

/** What kind of mistake it was; stays the same while messages improve. */
export type ClippoErrorCode = 'CONFIG' | 'SHAPE' | 'FONT' | 'CHECKPOINT' | 'DATA' | 'BACKEND' | 'COMPILE';

/** The base class of every error that this library throws on purpose. */
export class ClippoError extends Error {
  readonly code: ClippoErrorCode;

  constructor(code: ClippoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An option is missing, unknown, contradictory or out of range. */
export class ConfigError extends ClippoError {
  override readonly name = 'ConfigError';
  constructor(message: string, options?: ErrorOptions) {
    super('CONFIG', message, options);
  }
}

/** A tensor or raster has another shape than the operation needs. */
export class ShapeError extends ClippoError {
  override readonly name = 'ShapeError';
  constructor(message: string, options?: ErrorOptions) {
    super('SHAPE', message, options);
  }
}

/** Font bytes that cannot be read. */
export class FontError extends ClippoError {
  override readonly name = 'FontError';
  constructor(message: string, options?: ErrorOptions) {
    super('FONT', message, options);
  }
}

/** A checkpoint that is corrupt, or does not fit the model. */
export class CheckpointError extends ClippoError {
  override readonly name = 'CheckpointError';
  constructor(message: string, options?: ErrorOptions) {
    super('CHECKPOINT', message, options);
  }
}

/** Input data (pictures, records, files) that cannot be used. */
export class DataError extends ClippoError {
  override readonly name = 'DataError';
  constructor(message: string, options?: ErrorOptions) {
    super('DATA', message, options);
  }
}

/** A runtime or an optional package is missing or cannot do what is asked. */
export class BackendError extends ClippoError {
  override readonly name = 'BackendError';
  constructor(message: string, options?: ErrorOptions) {
    super('BACKEND', message, options);
  }
}

/** A function that cannot be recorded, simplified or run as one graph. */
export class CompileError extends ClippoError {
  override readonly name = 'CompileError';
  constructor(message: string, options?: ErrorOptions) {
    super('COMPILE', message, options);
  }
}

/** The words of whatever was thrown, which need not be an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The first line of it, where traces and addresses of some libraries follow. */
export function firstLineOf(error: unknown): string {
  return messageOf(error).split('\n', 1)[0]!;
}
