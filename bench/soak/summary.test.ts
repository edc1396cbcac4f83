import { describe, expect, test } from "vitest";
import { figuresOf } from "./figures.ts";
import { madeUpSoak, madeUpStore } from "./made-up-result.ts";
import { windowOf, writeAmplification } from "./series.ts";
import { summaryOf } from "./summary.ts";
import { mib, ms, rate, table, times } from "../words.ts";

describe("what is told of a soak", () => {
  const store = madeUpStore();
  const soak = madeUpSoak(store, { ...store, name: "small" });

  test("has a table of verdicts for each store, and every section its durability", () => {
    const summary = summaryOf(soak, []);
    expect(summary).toContain("| large store | wanted | found | verdict |");
    expect(summary).toContain("| small store | wanted | found | verdict |");
    const sections = summary.split(/^#+ /m).slice(1);
    expect(sections).toHaveLength(3);
    for (const section of sections) expect(section.split("\n")[0]).toContain('sync: "never"');
    expect(summary).toContain("each written 60.00 times over");
    expect(summary).toContain("Write amplification when warm: 2.00 bytes");
    expect(summary).not.toMatch(/NaN|undefined|Infinity/);
  });

  test("is told of a store that was never warm, and of none, too", () => {
    const cold = madeUpSoak(madeUpStore(() => ({ isWarm: false })));
    expect(summaryOf(cold, [])).toContain("nothing is steady");
    expect(summaryOf(madeUpSoak({ ...store, samples: [] }), [])).toContain("There are no samples.");
  });

  test("shows each figure of its store", () => {
    const figures = figuresOf(soak);
    const summary = summaryOf(soak, figures);
    expect(figures).toHaveLength(12);
    for (const { file } of figures) expect(summary.split(`(${file})`)).toHaveLength(2);
    expect(new Set(figures.map(({ file }) => file)).size).toBe(figures.length);
  });

  test("is drawn with a line for each thing, and none for what was not measured", () => {
    const [space] = figuresOf(soak);
    expect(space!.svg).toMatch(/^<svg[^]*<\/svg>\n$/);
    expect(space!.svg).toContain("large store, sync: never: space amplification");
    const without = madeUpStore(() => ({ processHandles: null }));
    const svgOf = (result: typeof soak): string =>
      figuresOf(result).find(({ file }) => file.endsWith("files.svg"))!.svg;
    expect(svgOf(madeUpSoak(store))).toContain("handles of the process");
    expect(svgOf(madeUpSoak(without))).not.toContain("handles of the process");
  });

  test("leaves no address in a figure but those that name what SVG is", () => {
    for (const { svg } of figuresOf(soak)) expect(svg.replaceAll("http://www.w3.org/", "")).not.toContain("://");
  });
});

describe("what lies between two samples", () => {
  const [first, second] = madeUpStore().samples;

  test("is told by the second, and by the first since the beginning", () => {
    expect(windowOf(undefined, first!)).toEqual({ writesPerSecond: 10, readsPerSecond: 20, writeAmplification: 2 });
    const more = { ...second!, userBytes: first!.userBytes + 500, writes: first!.writes + 50 };
    expect(windowOf(first, more)).toEqual({ writesPerSecond: 5, readsPerSecond: 20, writeAmplification: 4 });
  });

  test("is no amplification where nothing was written", () => {
    expect(writeAmplification(first, { ...second!, userBytes: first!.userBytes })).toBeUndefined();
  });
});

describe("numbers", () => {
  test("are printed with as many digits as they deserve", () => {
    expect([mib(2 ** 20), mib(3.5e9), ms(0.0123), ms(1.234), ms(12.34)]).toEqual([
      "1.00 MiB",
      "3,338 MiB",
      "0.0123 ms",
      "1.23 ms",
      "12.3 ms",
    ]);
    expect([times(1.456), times(456.7), rate(56_700), rate(56.7)]).toEqual(["1.46", "457", "57k", "57"]);
  });

  test("stand in a table under their heads", () => {
    expect(table(["a", "b"], [["x", "1"]])).toBe("| a | b |\n| --- | ---: |\n| x | 1 |");
  });
});
