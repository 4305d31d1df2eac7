// The line of the caller's own code that an error is about, read off a stack: the nearest frame that belongs neither
// to tfjs nor to this library.

// With source maps tfjs's frames stand under the paths of its sources.
const FOREIGN = /@tensorflow|node:internal|tfjs-(core|layers|backend-\w+)\/src\//;

// The folder of this file: in a build that is everything of this library.
const OWN = new URL('.', import.meta.url).pathname;

/** {@link callerIn} of the place this is called from. tfjs stacks up more frames than V8 shows by itself. */
export function currentCaller(): string {
  // Not a property that other engines, or TypeScript's library, know.
  const limit: unknown = Reflect.get(Error, 'stackTraceLimit');
  Reflect.set(Error, 'stackTraceLimit', 60);
  const { stack } = new Error();
  Reflect.set(Error, 'stackTraceLimit', limit);
  return callerIn(stack);
}

/** ` (at file.ts:12:5)` to end a message with; empty where no frame can be told. */
export function callerIn(stack: string | undefined): string {
  const frames = (stack ?? '').split('\n').filter((line) => /:\d+:\d+\)?$/.test(line));
  const frame = frames.find((line) => !FOREIGN.test(line) && !line.includes(OWN));
  const place = frame?.replace(/^\s*(at\s+)?(.*\()?/, '').replace(/\)$/, '');
  return place === undefined ? '' : ` (at ${place})`;
}
