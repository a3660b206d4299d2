/** What a shell expects of a program that a signal ended: 128 and the signal's number. */
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

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
