import type { WriteCommand } from "../command.ts";
import { sharedVolumeOption } from "../options.ts";
import { duration, plural, size } from "../words.ts";

interface BackupGiven {
  readonly allowSharedVolume?: true;
}

export const backup: WriteCommand<BackupGiven> = {
  kind: "write",
  name: "backup",
  summary: "copy the store into a directory that opens as a store of its own",
  details:
    "Into a directory that is not there yet, or one with an earlier backup of this store: then only what is new is copied. On the same " +
    "volume nothing is copied but the end of the log: the files get a second name. While a program has the store open, call backup() there.",
  parameters: [["<directory>", "where the backup goes"]],
  options: () => [sharedVolumeOption("also of a store on a network or shared volume, or onto one")],
  examples: ["hashlog backup ./store ./tonight"],
  async run(store, { parameters: [directory], options: { allowSharedVolume = false } }, session) {
    const report = await session.during("backing up", "bytes", (update) =>
      store.backup(directory!, {
        allowSharedVolume,
        signal: session.signal,
        onProgress: ({ bytesDone, bytesTotal }) => update(bytesDone, bytesTotal),
      }),
    );
    if (session.json) return session.output.json(report);
    const { linked, copied, bytesCopied, kept, durationMs } = report;
    return session.output.line(
      `backed up in ${duration(durationMs)}: ${plural(linked, "segment")} linked, ${copied} copied (${size(bytesCopied)}), ${kept} there already`,
    );
  },
};
