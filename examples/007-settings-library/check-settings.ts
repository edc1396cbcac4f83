/** The tests of the library. They take the file system, as the library does, and so run in memory and on the disk. */
import assert from "node:assert/strict";
import type { FileSystem } from "@hashlog/engine";
import { openSettings, SettingsError, type SettingsErrorCode } from "./settings.ts";

const DEFAULTS = { theme: "light", fontSize: 14, recent: [] as string[], spelling: true };

export async function checkSettings(fileSystem: FileSystem, directory: string): Promise<void> {
  const settings = await openSettings(directory, DEFAULTS, { fileSystem });
  assert.equal(settings.get("theme"), "light");
  await settings.set({ theme: "dark", recent: ["letter.txt"] });
  assert.deepEqual([settings.get("theme"), settings.get("recent")], ["dark", ["letter.txt"]]);
  await settings.set({ spelling: false });
  assert.equal(settings.get("spelling"), false);

  // What is wrong is refused, and nothing of it is done.
  const wrong = JSON.parse('{ "theme": "blue", "fontSize": "large" }') as typeof DEFAULTS;
  await assert.rejects(settings.set(wrong), isError("WRONG_TYPE"));
  assert.equal(settings.get("theme"), "dark");
  assert.throws(() => settings.get("colour" as "theme"), isError("UNKNOWN_SETTING"));
  await assert.rejects(settings.reset("colour" as "theme"), isError("UNKNOWN_SETTING"));

  // One program at a time.
  await assert.rejects(openSettings(directory, DEFAULTS, { fileSystem }), isError("IN_USE"));
  await settings.close();
  await assert.rejects(settings.set({ theme: "light" }), isError("UNAVAILABLE"));
  assert.throws(() => settings.get("theme"), isError("UNAVAILABLE"));

  // Opened again, by a version of the program that has one more setting and one less.
  const { spelling, ...others } = DEFAULTS;
  const next = await openSettings(directory, { ...others, language: "en" }, { fileSystem });
  assert.deepEqual([next.get("theme"), next.get("fontSize"), next.get("language")], ["dark", 14, "en"]);
  assert.throws(() => next.get("spelling" as "theme"), isError("UNKNOWN_SETTING"));
  const changed: string[] = [];
  next.onChange((name) => changed.push(name));
  await next.set({ language: "de", fontSize: 16 });
  await next.reset("theme");
  assert.equal(next.get("theme"), "light");
  await next.reset("theme"); // once more, which changes nothing
  assert.deepEqual(changed, ["language", "fontSize", "theme"]);
  await next.close();

  // And by the old one: it finds what it had set.
  const old = await openSettings(directory, DEFAULTS, { fileSystem });
  assert.deepEqual([old.get("spelling"), old.get("fontSize")], [!spelling, 16]);
  await old.close();

  await damage(fileSystem, directory);
  await assert.rejects(openSettings(directory, DEFAULTS, { fileSystem }), isError("DAMAGED"));
}

/** A disk that has lost the files which hold the values. */
async function damage(fileSystem: FileSystem, directory: string): Promise<void> {
  const names = (await fileSystem.list(directory)).filter((name) => name.endsWith(".segment"));
  assert.ok(names.length > 0);
  for (const name of names) await fileSystem.remove(fileSystem.join(directory, name));
}

function isError(code: SettingsErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof SettingsError && error.code === code;
}
