import { readFile, type StorePlace } from "./recount.ts";
import { writeFile } from "./roads.ts";

/**
 * Changes bytes of a file of a store that is closed, or of one that has them in no buffer. In a world, the store need not be
 * sound any more when the test ends.
 */
export async function spoil(
  place: StorePlace & { leaveUnchecked?(): void },
  name: string,
  change: (bytes: Uint8Array) => Uint8Array | void,
): Promise<void> {
  const { fileSystem, directory } = place;
  const path = fileSystem.join(directory, name);
  const bytes = Uint8Array.from(await readFile(fileSystem, path));
  await writeFile(fileSystem, path, change(bytes) ?? bytes);
  place.leaveUnchecked?.();
}

/** A change for `spoil`: one bit of that byte. */
export const flipAt =
  (at: number) =>
  (bytes: Uint8Array): void => {
    bytes[at]! ^= 1;
  };
