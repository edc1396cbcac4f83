import type { FileSystem } from "@hashlog/fs-io";
import { Complaint } from "./complaint.ts";
import { EXIT } from "./exit-codes.ts";

/**
 * Refuses a file that is not there, before anything is done.
 * @throws Complaint; FsError where nobody may look
 */
export async function checkFile(fileSystem: FileSystem, path: string, remedy = "name a file"): Promise<void> {
  const there = await fileSystem.stat(path);
  if (there === undefined) throw new Complaint(`there is no file ${path}`, EXIT.notFound, "CLI_NO_FILE");
  if (there.kind === "directory") throw new Complaint(`${path} is a directory: ${remedy}`, EXIT.usage);
}

/**
 * Refuses a directory that is not there, before anything is put into it.
 * @throws Complaint; FsError where nobody may look
 */
export async function checkDirectory(fileSystem: FileSystem, path: string): Promise<void> {
  const there = await fileSystem.stat(path);
  if (there === undefined) throw new Complaint(`there is no directory ${path}`, EXIT.notFound, "CLI_NO_DIRECTORY");
  if (there.kind !== "directory") throw new Complaint(`${path} is not a directory`, EXIT.usage);
}
