/**
 * Sends a message to the process that forked this one. Resolves once all of it is under way: of a long message, what is not
 * is lost when this process disconnects or ends.
 */
export function tellParent(message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send!(message, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}
