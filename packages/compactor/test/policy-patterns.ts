import type { ModelLog } from "../src/testing/contract-model.ts";
import type { SeededRandom } from "../src/testing/contract-random.ts";
import type { Pattern } from "./policy-simulation.ts";

/** What is written to a store of so many keys, with values of so many bytes on average. */
export interface Size {
  readonly keys: number;
  readonly valueBytes: number;
}

type KeyOf = (random: SeededRandom, index: number) => number;

/** The patterns by which a policy is judged. Each first writes every key once. */
export function patterns(size: Size): Pattern[] {
  const { keys } = size;
  return [
    overwriting("uniform", size, (random) => random.below(keys)),
    overwriting("Zipf", size, (random) => scattered(Math.floor(keys ** random.next()), keys)),
    overwriting("sequential", size, (_random, index) => index % keys),
    overwriting("hot and cold", size, (random) => (random.next() < 0.9 ? random.below(keys / 10) : random.below(keys))),
    { name: "many deletes", write: deleting(size) },
    { name: "with a time to live", write: expiring(size) },
    { name: "a queue", write: queueing(size) },
    { name: "a queue beside old data", write: queueingBeside(size) },
  ];
}

/** Overwrites keys for ever. */
export function overwriting(name: string, size: Size, keyOf: KeyOf): Pattern {
  return {
    name,
    write: (log, random, index) =>
      log.put(index < size.keys ? index : keyOf(random, index), about(size.valueBytes, random)),
  };
}

/** The pattern, in a store that crashes after so many writes, again and again. */
export function reopening({ name, write }: Pattern, writes: number): Pattern {
  return {
    name: `${name}, opened for ${writes} writes at a time`,
    write: (log, random, index) => {
      if (index % writes === 0) log.reopen();
      write(log, random, index);
    },
  };
}

/** Twice the keys, every other write a delete. */
function deleting({ keys, valueBytes }: Size): Pattern["write"] {
  return (log, random, index) => {
    const key = random.below(keys * 2);
    if (index < keys) log.put(index * 2, about(valueBytes, random));
    else if (log.has(key)) log.delete(key);
    else log.put(key, about(valueBytes, random));
  };
}

/** Keys that never come again, and expire when as many as the store shall hold have followed. */
function expiring({ keys, valueBytes }: Size): Pattern["write"] {
  return (log, random, index) => {
    log.nowMs += 1;
    log.put(index, about(valueBytes, random), log.nowMs + keys);
  };
}

/** Keys that never come again, deleted in the order in which they came. */
function queueing({ keys, valueBytes }: Size): Pattern["write"] {
  return (log, random, index) => {
    if (index < keys || index % 2 === 0) log.put(index, about(valueBytes, random));
    else log.delete(nextOf(log));
  };
}

/** Half of the store is written once and stays; beside it runs a queue. */
function queueingBeside({ keys, valueBytes }: Size): Pattern["write"] {
  return (log, random, index) => {
    if (index < keys || index % 2 === 0) log.put(index, about(valueBytes, random));
    else log.delete(nextOf(log, keys / 2));
  };
}

/** As a queue beside old data, but what is in the queue would have expired much later. */
export function sessions({ keys, valueBytes }: Size): Pattern {
  return {
    name: "records that are deleted long before they expire",
    write: (log, random, index) => {
      if (index < keys / 2) log.put(index, about(valueBytes, random));
      else if (index < keys || index % 2 === 0) log.put(index, about(valueBytes, random), log.nowMs + 1e9);
      else log.delete(nextOf(log, keys / 2));
    },
  };
}

const NEXT = new WeakMap<ModelLog, number>();

function nextOf(log: ModelLog, first = 0): number {
  let next = NEXT.get(log) ?? first;
  while (!log.has(next)) next += 1;
  NEXT.set(log, next + 1);
  return next;
}

function scattered(rank: number, keys: number): number {
  return (rank * 7919) % keys;
}

function about(bytes: number, random: SeededRandom): number {
  return Math.floor(bytes / 2 + random.next() * bytes);
}
