import type { OpenReport } from "@hashlog/engine";
import { violated, type Property } from "./property.ts";

export const corruptionHonesty: Property = {
  id: "P10",
  title: "Corruption honesty",
  statement:
    "Whatever becomes of the bytes on the disk, every read returns the right value or fails with HASHLOG_CORRUPT; never a " +
    "wrong value, never a key that was not there, never `undefined` for one that was. What cannot be tied to a key fails " +
    "the opening, which names the file. One thing cannot be told apart: after a crash, damage that reaches to the end of " +
    "the log and takes every later testimony with it looks like a torn tail, and is dropped; the report of the opening " +
    "says what was dropped.",
  why:
    "Disks return bytes that nobody wrote, and say nothing. Of eight widely used systems that were tested with single " +
    "damaged blocks most lost data silently, and several spread the damage to their replicas. The common cause: after a " +
    "crash the end of a log may legally be anything, and code that cuts it off there takes the middle for the end.",
};

/** What a read said: a value, that there is none, or that it is damaged. */
export const DAMAGED: unique symbol = Symbol("HASHLOG_CORRUPT");
export type Outcome = string | undefined | typeof DAMAGED;

/**
 * Every key is as it was or told to be damaged; returns how many are told.
 * @throws PropertyViolation
 */
export function mustBeRightOrTold(
  found: ReadonlyMap<string, Outcome>,
  contents: ReadonlyMap<string, string> | undefined,
): number {
  if (contents === undefined) violated(corruptionHonesty, "the store holds a part of a batch");
  let told = 0;
  for (const [key, value] of found) {
    if (value === DAMAGED) told += 1;
    else if (value !== contents.get(key)) {
      violated(corruptionHonesty, `${JSON.stringify(key)} is ${value} instead of ${contents.get(key)}`);
    }
  }
  return told;
}

/**
 * The refusal says that the data is damaged, and where.
 * @throws PropertyViolation
 */
export function mustNameDamage(failed: { readonly code: string; readonly path: string | undefined }): void {
  // A version that is not known is told as such, also where it is damage: the header says it before anything else.
  if (failed.code !== "HASHLOG_CORRUPT" && failed.code !== "HASHLOG_VERSION") {
    violated(corruptionHonesty, `damage is called ${failed.code}`);
  }
  if (failed.path === undefined) violated(corruptionHonesty, "the refusal names no file");
}

/** What the rules make of the log on a damaged disk: up to where it is readable, and up to where it was durable. */
export type LogOutcome =
  | { readonly kind: "corrupt" }
  | { readonly kind: "readable"; readonly lastSequence: number; readonly testified: number };

/**
 * An opened store goes on to exactly where its log is readable, and nothing testifies that more was durable.
 * @throws PropertyViolation
 */
export function mustNotLose(sequence: number, log: LogOutcome): void {
  if (log.kind === "corrupt") {
    return violated(corruptionHonesty, "the store opens, and has lost what was testified to be durable");
  }
  if (sequence === log.lastSequence) return;
  violated(corruptionHonesty, `the log goes on to ${sequence} instead of ${log.lastSequence}`);
}

/**
 * Where nothing but the log is damaged, and the damage cannot be told from a torn tail, the store opens: the same bytes
 * might be what a crash has left.
 * @throws PropertyViolation
 */
export function mustForgiveTornTail(log: LogOutcome): void {
  if (log.kind === "readable") violated(corruptionHonesty, "the store is refused, and its log has only a torn tail");
}

/**
 * An opening that drops commits says so: where the log ends too early, or which files it has removed.
 * @throws PropertyViolation
 */
export function mustReportLoss(report: OpenReport): void {
  const removed = report.filesRemoved.some((name) => name.endsWith(".segment"));
  if (report.tornTail === undefined && !removed) {
    violated(corruptionHonesty, "commits are missing, and the report of the opening says nothing of it");
  }
}
