import * as fs from "node:fs";
import type { NodeFs } from "@hashlog/fs-io";

/**
 * The functions of `node:fs` with which the node file system changes a disk or makes it durable. Each tells what it has
 * done, once it has: `"create"` of a path, `"append 12"`, `"sync"` (also of a directory), ... A call that fails tells nothing.
 */
export function tellingNodeFs(tell: (effect: string, path: string) => void): Partial<NodeFs> {
  const paths = new Map<number, string>();
  return {
    open(path, flags, mode, done) {
      fs.open(path, flags, mode, (error, fd) => {
        if (error === null) paths.set(fd, path);
        if (error === null && (flags & fs.constants.O_CREAT) !== 0) tell("create", path);
        done(error, fd);
      });
    },
    writeSync(fd, source, at, bytes) {
      const count = fs.writeSync(fd, source, at, bytes);
      tell(`append ${count}`, paths.get(fd)!);
      return count;
    },
    fsync: (fd, done) => fs.fsync(fd, telling(tell, "sync", paths.get(fd)!, done)),
    fdatasync: (fd, done) => fs.fdatasync(fd, telling(tell, "sync", paths.get(fd)!, done)),
    mkdir: (path, done) => fs.mkdir(path, telling(tell, "makeDirectory", path, done)),
    link: (source, target, done) => fs.link(source, target, telling(tell, "link", target, done)),
    rename: (source, target, done) => fs.rename(source, target, telling(tell, "rename", target, done)),
    unlink: (path, done) => fs.unlink(path, telling(tell, "unlink", path, done)),
  };
}

type Done = Parameters<NodeFs["fsync"]>[1];

function telling(
  tell: (effect: string, path: string) => void,
  effect: string,
  path: string,
  done: Done,
): fs.NoParamCallback {
  return (error) => {
    if (error === null) tell(effect, path);
    done(error);
  };
}
