import { Option } from "commander";
import type { AnyStore, OtherCommand } from "../command.ts";
import { createOption, sharedVolumeOption } from "../options.ts";
import { Shell } from "../shell/shell.ts";
import { openForReading, openForWriting, withRemedy, type WritingGiven } from "../store-access.ts";

interface ShellGiven extends WritingGiven {
  readonly write?: true;
}

export const shell: OtherCommand<ShellGiven> = {
  kind: "other",
  name: "shell",
  summary: "give commands one after the other, with history and completion",
  details:
    "The same commands, without the name of the store, but for dump, verify, repair, restore and bench, which are for outside of it. Reads only, and shows what a writer has written meanwhile, unless --write opens the " +
    "store for writing. What is not typed but comes from a pipe is done line by line; the exit code is then that of the first that failed. With --json every command prints JSON.",
  parameters: [["<store>", "the directory of the store"]],
  options: () => [
    new Option("--write", "open the store for writing, as long as the shell lasts"),
    createOption().implies({ write: true }),
    sharedVolumeOption(),
  ],
  examples: ["hashlog shell ./store", "echo 'count' | hashlog shell ./store"],
  async run({ parameters: [directory], options }, session) {
    // It follows the store: a feed of changes that waits would otherwise wait for ever.
    const opening =
      options.write === true ? openForWriting(directory!, session, options) : openForReading(directory!, session, true);
    const store: AnyStore = await opening.catch((error: unknown) => {
      throw withRemedy(error, directory!, true);
    });
    try {
      return await new Shell(store, session).run();
    } finally {
      await store.close();
    }
  },
};
