import { describe, expect, test } from "vitest";
import { apiIndex } from "../api/api-index.ts";
import { layOutSignatures } from "../api/signatures.ts";
import { tidyReference } from "../api/tidy-reference.ts";

describe("a page of the reference", () => {
  test("is called by the name alone, and says beside the place what it is", () => {
    const page = tidyReference("# Function: open()\n\nDefined in: [a.ts:1](/a.ts#L1)\n\nOpens.\n");
    expect(page).toBe("# open()\n\n<small>Function, defined in [a.ts:1](/a.ts#L1)</small>\n\nOpens.\n");
  });

  test("shows type parameters as code, where no signature does", () => {
    const page = tidyReference("# Interface: Store\\<K, V = `string`\\>\n\nDefined in: [a.ts:1](/a.ts#L1)\n");
    expect(page).toBe(
      "# Store\n\n```ts\ninterface Store<K, V = string>\n```\n\n<small>Interface, defined in [a.ts:1](/a.ts#L1)</small>\n",
    );
  });

  test("says of members only where they are", () => {
    const page = tidyReference("# Class: A\n\nDefined in: [a](/a#L1)\n\n### b\n\nDefined in: [a](/a#L2)\n");
    expect(page).toContain("### b\n\n<small>Defined in [a](/a#L2)</small>\n");
  });

  test("leaves out type parameters of which nothing is said, and keeps the others", () => {
    const table = (row: string): string =>
      `# Function: f()\n\n## Type Parameters\n\n| Type Parameter |\n| ------ |\n${row}\n\n## Returns\n`;
    expect(tidyReference(table('| <a id="k"></a> `K` |'))).toBe("# f()\n\n## Returns\n");
    expect(tidyReference(table('| <a id="k"></a> `K` *extends* `string` |'))).toContain("*extends*");
  });

  test("has a line for each name of a sibling package", () => {
    const page =
      "# @hashlog/a\n\n## References\n\n### B\n\nRe-exports [B](../b.md)\n\n***\n\n### C\n\nRe-exports [C](../c.md)\n";
    expect(tidyReference(page)).toBe("# @hashlog/a\n\n## Also exported here\n\n- [B](../b.md)\n- [C](../c.md)\n");
  });

  test("has no name that nobody gave", () => {
    expect(tidyReference("`__namedParameters?`")).toBe("`options?`");
  });
});

describe("signatures", () => {
  const laidOut = async (code: string): Promise<string> => {
    const text = await layOutSignatures(`\`\`\`ts\n${code}\n\`\`\`\n`);
    return text.replace(/^```ts\n/, "").replace(/```\n$/, "");
  };

  test("of types are laid out as the code is", async () => {
    expect(await laidOut('type A =\n  | "a"\n| {\nb: number;\n};')).toBe(
      'type A =\n  | "a"\n  | {\n      b: number;\n    };\n',
    );
  });

  test("of functions, constants, methods and interfaces stay what they are", async () => {
    expect(await laidOut("function f(a:string): void;")).toBe("function f(a: string): void;\n");
    expect(await laidOut("const utf8:Codec<string>;")).toBe("const utf8: Codec<string>;\n");
    expect(await laidOut("put(key:K,value:V): Promise<void>;")).toBe("put(key: K, value: V): Promise<void>;\n");
    expect(await laidOut("interface Store<K,V>")).toBe("interface Store<K, V>\n");
  });

  test("that are long go over several lines", async () => {
    const parameters = ["first", "second", "third", "fourth"].map((name) => `${name}: SomethingLong`);
    expect(await laidOut(`method(${parameters.join(", ")}): void;`)).toBe(
      `method(\n${parameters.map((each) => `  ${each},\n`).join("")}): void;\n`,
    );
  });

  test("that are not TypeScript are left alone", async () => {
    expect(await laidOut("new   Thing(")).toBe("new   Thing(\n");
  });
});

describe("the page above the reference", () => {
  test("lists the packages and what each has to import", () => {
    const entryPoints = [{ name: "@hashlog/a/testing", source: "packages/a/src/testing/index.ts" }];
    const page = apiIndex([{ folder: "a", name: "@hashlog/a", description: "What it is", entryPoints }]);
    expect(page).toContain(
      "| [@hashlog/a](/packages/a/README.md) | What it is | [@hashlog/a/testing](@hashlog/a/testing/index.md) |",
    );
  });
});
