import type { Entrant } from "../contender.ts";
import { bareFile } from "./bare-file.ts";
import { classicLevel } from "./classic-level.ts";
import { hashlog, hashlogCacheOff } from "./hashlog.ts";
import { lmdb } from "./lmdb.ts";
import { medea } from "./medea.ts";
import { nodeSqlite } from "./node-sqlite.ts";
import { plainMap } from "./plain-map.ts";

/** Whoever takes part, Hashlog first. */
export const ENTRANTS: readonly Entrant[] = [
  hashlog,
  hashlogCacheOff,
  lmdb,
  classicLevel,
  nodeSqlite,
  medea,
  plainMap,
  bareFile,
];

/** @throws Error where there is none of that name */
export function entrant(name: string): Entrant {
  const found = ENTRANTS.find((one) => one.name === name);
  if (found === undefined)
    throw new Error(`there is no store "${name}": ${ENTRANTS.map((one) => one.name).join(", ")}`);
  return found;
}
