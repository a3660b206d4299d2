/** What a shell expects of a program that a signal ended: 128 and the signal's number. */
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Resolves when the user wants the program to end. From now on a signal does nothing else. */
export function untilStopped(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of Object.keys(STATUS)) process.on(signal, () => resolve());
  return promise;
}

/**
 * Clean up when the user stops the program, as long as the returned object is in use:
 *
 *     using _ = onInterrupt(() => folder.discard());
 */
export function onInterrupt(cleanUp: () => void): Disposable {
  const handlers = Object.entries(STATUS).map(([signal, status]) => {
    const handler = () => {
      cleanUp();
      process.exit(status);
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  return {
    [Symbol.dispose]() {
      for (const { signal, handler } of handlers) process.off(signal, handler);
    },
  };
}
