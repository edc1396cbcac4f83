import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { fileSystemName, fileSystemOf } from "./file-system-name.ts";

test("a file system is told by its name, and by its number where it has none here", async () => {
  expect(fileSystemName(0xef53)).toBe("ext4");
  expect(fileSystemName(0x1021994)).toBe("tmpfs");
  expect(fileSystemName(0x1a)).toBe("a file system of type 0x1a");
  expect(await fileSystemOf(tmpdir())).toMatch(/\w/);
});
