import { expect, test } from "vitest";
import { BufferPool } from "../src/buffer-pool.ts";

test("a buffer that comes back is given out again", () => {
  const pool = new BufferPool();
  const buffer = pool.take();
  pool.give(buffer);
  expect(pool.take()).toBe(buffer);
  expect(pool.take()).not.toBe(buffer);
});

test("of many buffers only a few are kept, and none that a large commit has grown", () => {
  const pool = new BufferPool();
  const buffers = Array.from({ length: 10 }, () => pool.take());
  for (const buffer of [new Uint8Array(64 * 1024 * 1024), ...buffers]) pool.give(buffer);
  const again = Array.from({ length: 10 }, () => pool.take());
  expect(again.filter((buffer) => buffers.includes(buffer)).length).toBe(3);
  expect(Math.max(...again.map(({ length }) => length))).toBeLessThan(1024 * 1024);
});
