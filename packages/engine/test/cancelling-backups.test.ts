import { open } from "@hashlog/engine";
import { MANIFEST_NAME } from "@hashlog/format";
import { FsError, type FileSystem } from "@hashlog/fs-io";
import { expect, test } from "vitest";
import { altered } from "../../../test/support/altered.ts";
import { rejection, text } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

test.each(["linked", "copied"])(
  "a backup that is cancelled while its last segment is %s does not become the one that counts",
  async (how) => {
    const world = await memoryWorld();
    const controller = new AbortController();
    const beneath = world.fileSystem;
    const isLast = (path: string): boolean => path.startsWith("/backup/") && path.endsWith(".segment");
    const fileSystem = altered<FileSystem>(beneath, {
      link: async (source, target) => {
        const details = { operation: "link", path: target };
        if (how === "copied") throw new FsError("FS_NOT_SUPPORTED", "there are no links here", details);
        await beneath.link(source, target);
        if (isLast(target)) controller.abort();
      },
      create: async (path) => {
        const file = await beneath.create(path);
        if (!isLast(path)) return file;
        return altered(file, {
          close: async () => {
            await file.close();
            controller.abort();
          },
        });
      },
    });
    const db = await world.open({ fileSystem });
    await db.put("a", "1");
    const { signal } = controller;
    expect(await rejection(db.backup("/backup", { signal }))).toMatchObject({ code: "HASHLOG_ABORTED" });
    expect(await beneath.list("/backup")).not.toContain(MANIFEST_NAME);
    await db.backup("/backup");
    const backup = await open("/backup", { fileSystem: beneath, readOnly: true });
    expect(text(await backup.get("a"))).toBe("1");
    await backup.close();
  },
);
