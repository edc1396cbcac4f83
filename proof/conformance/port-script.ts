import * as fc from "fast-check";

/**
 * A script of calls of the file system's port, as plain data, right and wrong ones alike. Handles and locks are meant by
 * number, modulo how many there are; a call of one that does not exist is left out.
 *
 * In it are the answers that the port's prose fixes. What it leaves to the platform is not, as there Linux, macOS and
 * Windows differ among themselves: opening, linking, replacing or removing a directory as if it were a file; paths below
 * a file, but for `stat`; volumes and directory syncs of what is a file. So a name is either a file's or a directory's.
 */
export type PortScript = readonly PortOperation[];

/** One call. Paths are names within the script's directory. */
export type PortOperation =
  | readonly ["stat" | "list" | "makeDirectory" | "remove" | "syncDirectory" | "freeBytes" | "sharedVolume", string]
  | readonly ["create" | "openAppend" | "openRead", string]
  /** Path, and the number of bytes. */
  | readonly ["replace", string, number]
  | readonly ["link", string, string]
  | readonly ["lock" | "isLocked", string, "one" | "two"]
  | readonly ["release", number]
  | readonly ["size" | "sync" | "close", number]
  /** Handle; a buffer's length; the range of it that is appended, which may be none. */
  | readonly ["append", number, number, number, number]
  /** Handle; a buffer's length; where in it to read to, how many bytes, from which position: which may be none. */
  | readonly ["read" | "readSync", number, number, number, number, number];

/** Without it most calls would find nothing. */
const SCENE: PortScript = [
  ["makeDirectory", "d"],
  ["makeDirectory", "d/e"],
  ["replace", "d/e/a", 700],
  ["create", "a"],
  ["append", 0, 5000, 0, 5000],
  ["openRead", "d/e/a"],
];

const file = fc.constantFrom("a", "a", "b", "a.new", "d/a", "d/b", "d/e/a", "d/e/a", "missing/a");
const directory = fc.constantFrom(".", "d", "d", "d/e", "missing", "missing/d");
const either = fc.oneof(file, directory);
const handle = fc.nat({ max: 12 });
const length = fc.oneof(fc.constantFrom(0, 1, 100), fc.nat({ max: 9000 }));
const position = fc.oneof(fc.constant(0), fc.nat({ max: 5000 }));

/** Within a buffer of that length, or (now and then) beside it. */
function rangeOf(bytes: number): fc.Arbitrary<readonly [number, number]> {
  const within = fc.tuple(fc.nat({ max: bytes }), fc.nat({ max: bytes })).map(([one, other]) => {
    return [Math.min(one, other), Math.max(one, other)] as const;
  });
  const beside = fc.tuple(fc.integer({ min: -1, max: bytes + 1 }), fc.integer({ min: -1, max: bytes + 1 }));
  return fc.oneof({ weight: 9, arbitrary: within }, { weight: 1, arbitrary: beside });
}

const append = fc
  .tuple(handle, length)
  .chain(([on, bytes]) => rangeOf(bytes).map(([start, end]) => ["append", on, bytes, start, end] as const));

const read = fc
  .tuple(fc.constantFrom("read" as const, "readSync" as const), handle, fc.nat({ max: 300 }), position)
  .chain(([kind, on, bytes, from]) =>
    rangeOf(bytes).map(([start, end]) => [kind, on, bytes, start, end - start, from] as const),
  );

const operation: fc.Arbitrary<PortOperation> = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom("makeDirectory", "syncDirectory"), directory) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom("freeBytes", "sharedVolume"), directory) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("stat"), fc.oneof(either, fc.constant("a/below"))) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("list"), either) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("remove"), file) },
  { weight: 4, arbitrary: fc.tuple(fc.constant("create"), fc.oneof({ weight: 9, arbitrary: file }, fc.constant("."))) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom("openAppend", "openRead"), file) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("replace"), file, length) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("link"), file, file) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom("lock", "isLocked"), directory, fc.constantFrom("one", "two")) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("release"), handle) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom("size", "sync", "close"), handle) },
  { weight: 4, arbitrary: append },
  { weight: 4, arbitrary: read },
);

/** Scripts of up to 60 calls, most of which begin with some of the scene. */
export const portScript: fc.Arbitrary<PortScript> = fc
  .tuple(fc.subarray([...SCENE]), fc.array(operation, { minLength: 1, maxLength: 60, size: "max" }))
  .map(([scene, operations]) => [...scene, ...operations]);
