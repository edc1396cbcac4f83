import { FsError, type FsErrorCode } from "../errors.ts";
import type { AppendFile, FileSystem, ReadFile } from "../file-system.ts";

/** What the contract suites share: the words of a test runner, assertions of their own, and a few ways of writing. */

/** The two functions of a test runner that a contract suite needs. Vitest's and `node:test`'s are of this form. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown;
  test(name: string, body: () => Promise<void>): unknown;
}

/** A file system and an empty directory in it, both for one test alone. */
export interface FileSystemFixture {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  dispose(): Promise<void>;
}

export type ContractTest = (sentence: string, body: (fixture: FileSystemFixture) => Promise<void>) => void;

export function ensure(condition: boolean, what: string): void {
  if (!condition) throw new Error(`the contract is broken: ${what}`);
}

export function ensureEqual(actual: unknown, expected: unknown, what: string): void {
  ensure(Object.is(actual, expected), `${what} should be ${String(expected)} and is ${String(actual)}`);
}

export function ensureBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  ensureEqual(actual.length, expected.length, `the length of ${what}`);
  const wrong = actual.findIndex((byte, at) => byte !== expected[at]);
  ensure(wrong === -1, `${what} should hold ${expected[wrong]} at ${wrong} and holds ${actual[wrong]}`);
}

export function ensureNames(actual: readonly string[], expected: readonly string[], what: string): void {
  ensureEqual([...actual].sort().join(" "), [...expected].sort().join(" "), what);
}

/** What an error of the port has to say: its code, the method that failed, and the path that the method was given. */
export interface Refusal {
  readonly code: FsErrorCode;
  readonly operation: string;
  readonly path?: string;
}

/** Asserts that `attempt` throws or rejects with that `FsError`, and returns it. */
export async function ensureRefused(attempt: () => unknown, refusal: Refusal): Promise<FsError> {
  const error = await outcomeOf(attempt);
  const expected = `${refusal.operation} should fail with ${refusal.code}`;
  if (!FsError.is(error)) throw new Error(`the contract is broken: ${expected}, and ended with ${String(error)}`);
  ensureEqual(error.code, refusal.code, `the code of "${error.message}"`);
  ensureEqual(error.operation, refusal.operation, `the operation of "${error.message}"`);
  if (refusal.path !== undefined) ensureEqual(error.path, refusal.path, `the path of "${error.message}"`);
  return error;
}

async function outcomeOf(attempt: () => unknown): Promise<unknown> {
  try {
    await attempt();
  } catch (error) {
    return error;
  }
  return "no error at all";
}

/** Bytes that differ from place to place, and between seeds. */
export function pattern(bytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => (at * 31 + seed * 101 + (at >> 8)) & 0xff);
}

/** Creates a file with that content, and leaves its handle open. */
export async function createWith(fileSystem: FileSystem, path: string, content: Uint8Array): Promise<AppendFile> {
  const file = await fileSystem.create(path);
  file.append(content, 0, content.length);
  return file;
}

/** The whole content of the file at `path`, through a handle of its own. */
export async function contentOf(fileSystem: FileSystem, path: string): Promise<Uint8Array> {
  const file = await fileSystem.openRead(path);
  try {
    return await readAt(file, file.size(), 0);
  } finally {
    await file.close();
  }
}

/** Reads up to `bytes` bytes at `position`, and returns what was there. */
export async function readAt(file: ReadFile, bytes: number, position: number): Promise<Uint8Array> {
  const target = new Uint8Array(bytes);
  return target.subarray(0, await file.read(target, 0, bytes, position));
}
