import type { Command } from "../command.ts";
import { backup } from "./backup.ts";
import { bench } from "./bench.ts";
import { changes } from "./changes.ts";
import { compact } from "./compact.ts";
import { count } from "./count.ts";
import { deleteCommand } from "./delete.ts";
import { dump } from "./dump.ts";
import { exportCommand } from "./export.ts";
import { get } from "./get.ts";
import { importCommand } from "./import.ts";
import { inspect } from "./inspect.ts";
import { put } from "./put.ts";
import { repairCommand } from "./repair.ts";
import { restore } from "./restore.ts";
import { scan } from "./scan.ts";
import { shell } from "./shell.ts";
import { stats } from "./stats.ts";
import { verifyCommand } from "./verify.ts";

/** Every command, in the order in which help lists them. */
export const COMMANDS: readonly Command[] = [
  ...[get, put, deleteCommand, scan, count],
  ...[importCommand, exportCommand],
  ...[stats, inspect, dump, changes],
  ...[verifyCommand, repairCommand, compact, backup, restore],
  ...[bench, shell],
];
