import { open } from "@hashlog/engine";
import { FsError, memoryFileSystem, type FileSystem } from "@hashlog/fs-io";
import { expect, test } from "vitest";
import { rejection } from "./support/values.ts";

/** As on Windows, where the drive of a path may not be there, nor anything above it. */
function withoutRoot(): FileSystem {
  const fileSystem = memoryFileSystem();
  fileSystem.stat = () => Promise.resolve(undefined);
  return fileSystem;
}

test("a volume that is not there is told, and not looked for for ever", async () => {
  const opening = open("/data/store", { fileSystem: withoutRoot() });
  expect(await rejection(opening)).toMatchObject({ code: "HASHLOG_NOT_FOUND", path: "/" });
});

test("nor where nobody asks what kind of volume it is", async () => {
  const fileSystem = withoutRoot();
  const asked: string[] = [];
  fileSystem.makeDirectory = (path) => {
    asked.push(path);
    return Promise.reject(new FsError("FS_NOT_FOUND", "no such volume", { operation: "makeDirectory", path }));
  };
  const opening = open("/data/store", { fileSystem, allowSharedVolume: true });
  expect(await rejection(opening)).toMatchObject({ code: "HASHLOG_IO" });
  expect(asked).toEqual(["/"]);
});
