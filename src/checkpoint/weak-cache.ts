// A cache of one value that gives its memory back when nobody holds the value any more.

/** Calls `make` again only when its last result has been collected. Within one turn of the event loop that never happens. */
export function rememberWeakly<T extends object>(make: () => T): () => T {
  let kept: WeakRef<T> | undefined;
  return () => {
    const held = kept?.deref();
    if (held !== undefined) return held;
    const made = make();
    kept = new WeakRef(made);
    return made;
  };
}
