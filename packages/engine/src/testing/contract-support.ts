/** What the contract suites share: the words of a test runner, and assertions of their own. */

/** The two functions of a test runner that a contract suite needs. Vitest's and `node:test`'s are of this form. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown;
  test(name: string, body: () => void): unknown;
}

export function ensure(condition: boolean, what: string): void {
  if (!condition) throw new Error(`the contract is broken: ${what}`);
}

/** The bytes as digits, for comparing and telling them. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
