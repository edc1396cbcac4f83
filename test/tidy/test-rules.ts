/** What holds for the tests themselves. */
import { posix } from "node:path";
import { complainAboutMatches, withoutComments, type Rule, type SourceFile } from "./source-file.ts";

const SWITCHED_OFF =
  /\b(?:it|test|describe|suite)\s*\.\s*(?:skip|only|todo|skipIf|runIf|fails)\b|\bx(?:it|test|describe)\s*\(|\b(?:context|ctx|task)\.skip\s*\(/g;

const TEST_FILE_NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)?\.test\.ts$/;

/** A test that is not run proves nothing, and one that runs alone hides the others. */
export const noTestIsSwitchedOff: Rule = (files) =>
  files
    .filter(isTestCode)
    .flatMap((file) => complainAboutMatches(file, withoutComments(file), SWITCHED_OFF, "every test runs, always"));

/** `segment-writer.test.ts`, `sync-policy.property.test.ts`: the thing, and what kind of test if not the plain kind. */
export const testFilesAreNamedAlike: Rule = (files) =>
  files
    .filter(isTestCode)
    .filter((file) => looksLikeATest(file) && !TEST_FILE_NAME.test(posix.basename(file.path)))
    .map((file) => `${file.path}: a file of tests is called like-this.test.ts, or it is not run`);

/** Beside the folders of tests, what has its tests among its sources. */
function isTestCode({ path }: SourceFile): boolean {
  return /^(?:(?:packages\/[^/]+\/)?test|bench|proof|runtimes|site)\/.*\.ts$/.test(path);
}

/** By its name, or because it calls the runner's functions at the start of a line. */
function looksLikeATest({ path, text }: SourceFile): boolean {
  return /\.(?:test|spec)\.\w+$/.test(path) || /^(?:it|test|describe)(?:\.\w+)*\(/m.test(text);
}
