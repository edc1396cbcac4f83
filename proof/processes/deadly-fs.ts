import * as fs from "node:fs";
import { basename } from "node:path";
import type { NodeFs } from "@hashlog/fs-io";
import type { Reaper } from "./reaper.ts";

/** How `node:fs` calls back. */
type Done<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

/**
 * The functions of `node:fs` that change something on disk or make it durable, each a call at which the process may die;
 * and `readdir`, as the lock decides by what it sees. Finer than the methods of the file system port: the replacing of a
 * file is six of them.
 */
export function deadlyFs(reaper: Reaper): Partial<NodeFs> {
  const names = new Map<number, string>();
  const of = (fd: number): string => names.get(fd) ?? "a file";
  return {
    open: (path, flags, mode, done) => {
      const begin = (done: Done<number>): void => fs.open(path, flags, mode, done);
      const opened: Done<number> = (error, fd) => {
        if (error === null) names.set(fd, basename(path));
        done(error, fd);
      };
      // One that only reads changes nothing.
      if ((flags & fs.constants.O_CREAT) === 0) begin(opened);
      else mayDie(reaper, `open of ${basename(path)}`, begin, opened);
    },
    writeSync: (fd, source, at, bytes) => {
      const call = `writeSync of ${of(fd)}`;
      const moment = reaper.comesTo(call);
      // A killed process leaves whole pages of a large write; another part is what a failing one would leave.
      const count = fs.writeSync(fd, source, at, moment === "within" ? bytes >> 1 : bytes);
      if (moment !== undefined) reaper.die(`${moment} ${call}`);
      return count;
    },
    fsync: (fd, done) => mayDie(reaper, `fsync of ${of(fd)}`, (done) => fs.fsync(fd, done), done),
    fdatasync: (fd, done) => mayDie(reaper, `fdatasync of ${of(fd)}`, (done) => fs.fdatasync(fd, done), done),
    readdir: (path, done) => mayDie(reaper, `readdir of ${basename(path)}`, (done) => fs.readdir(path, done), done),
    mkdir: (path, done) => mayDie(reaper, `mkdir of ${basename(path)}`, (done) => fs.mkdir(path, done), done),
    rename: (source, target, done) =>
      mayDie(reaper, `rename to ${basename(target)}`, (done) => fs.rename(source, target, done), done),
    unlink: (path, done) => mayDie(reaper, `unlink of ${basename(path)}`, (done) => fs.unlink(path, done), done),
  };
}

function mayDie<T>(reaper: Reaper, call: string, begin: (done: Done<T>) => void, done: Done<T>): void {
  const moment = reaper.comesTo(call);
  begin((error, value) => {
    if (moment === "after") reaper.die(`after ${call}`);
    done(error, value);
  });
  // The call has gone to another thread, and may be done by now or not.
  if (moment === "within") reaper.die(`within ${call}`);
}
