import { expect, test, vi } from "vitest";
import { type LockPlaces, takeLock } from "../src/lock-protocol.ts";

const claim = () => ({ hold: vi.fn<() => void>(), close: vi.fn<() => Promise<void>>(async () => {}) });

/** An empty directory in which nobody else is, but for what the test changes. */
function places(changes: Partial<LockPlaces> = {}): LockPlaces {
  const numbers: number[] = [];
  return {
    list: async () => numbers,
    freshNumber: () => 10,
    claim: async (number) => (numbers.push(number), claim()),
    ask: async () => ({ kind: "dead" }),
    remove: async () => {},
    pause: async () => {},
    ...changes,
  };
}

test("in an empty directory the lock is held at once", async () => {
  expect(await takeLock(places())).toMatchObject({ kind: "held" });
});

test("a claim is higher than what is there, also where the fresh number is not", async () => {
  const claimed = vi.fn<LockPlaces["claim"]>(async () => undefined);
  await takeLock(places({ list: async () => [7, 50, 3], claim: claimed }));
  expect(claimed.mock.calls[0]).toEqual([51]);
});

test("whoever loses every race to something dead gives up, and cannot say to whom", async () => {
  const pause = vi.fn<LockPlaces["pause"]>(async () => {});
  expect(await takeLock(places({ claim: async () => undefined, pause }))).toEqual({
    kind: "locked",
    holder: undefined,
  });
  expect(pause).toHaveBeenCalledTimes(20);
});

test("a lower one that asks for ever is taken for the holder in the end, and the claim is given up", async () => {
  const own = claim();
  const asking = { kind: "asking", holder: "process 7 on mars" } as const;
  const lists = vi.fn<LockPlaces["list"]>(async () => [3, 10]).mockResolvedValueOnce([]);
  const result = await takeLock(places({ list: lists, claim: async () => own, ask: async () => asking }));
  expect(result).toEqual({ kind: "locked", holder: "process 7 on mars" });
  expect(own.close).toHaveBeenCalledOnce();
  expect(own.hold).not.toHaveBeenCalled();
});

test("a claim is given up when the others cannot be listed, and the failure is told", async () => {
  const own = claim();
  const failure = new Error("cannot list");
  const lists = vi.fn<LockPlaces["list"]>().mockResolvedValueOnce([]).mockRejectedValue(failure);
  await expect(takeLock(places({ list: lists, claim: async () => own }))).rejects.toBe(failure);
  expect(own.close).toHaveBeenCalledOnce();
});
