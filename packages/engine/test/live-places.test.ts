import { RECORD_HEADER_BYTES, SEGMENT_BYTES_MAX } from "@hashlog/format";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LivePlaces } from "../src/live-places.ts";

test("Places that no two records can share are told apart, up to the end of the largest segment", () => {
  const last = Math.floor((SEGMENT_BYTES_MAX - 1) / RECORD_HEADER_BYTES);
  const offset = fc.integer({ min: 0, max: last });
  fc.assert(
    fc.property(fc.array(fc.tuple(offset, fc.boolean()), { maxLength: 60 }), (steps) => {
      const places = new LivePlaces(SEGMENT_BYTES_MAX);
      const model = new Set<number>();
      for (const [number, isAdded] of steps) {
        for (const at of [number, Math.max(0, number - 1)].map((index) => index * RECORD_HEADER_BYTES)) {
          if (isAdded) {
            places.add(at);
            model.add(at);
          } else {
            places.delete(at);
            model.delete(at);
          }
        }
        for (const [near] of steps) {
          for (let index = Math.max(0, near - 2); index <= Math.min(near + 2, last); index += 1) {
            const at = index * RECORD_HEADER_BYTES;
            expect(places.has(at)).toBe(model.has(at));
          }
        }
      }
    }),
    {
      numRuns: 20,
      examples: [
        [
          [
            [last, false],
            [0, true],
          ],
        ],
      ],
    },
  );
});

test("A place behind the end of the segment is none", () => {
  expect(new LivePlaces(1000).has(5_000_000)).toBe(false);
});
