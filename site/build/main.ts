/** `npm run site`: builds the site into `site/dist` and checks it. With `--serve` it is shown, and built again when a document changes. */
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import process from "node:process";
import { ROOT } from "../../scripts/setup.mjs";
import { publishedPackages } from "../api/entry-points.ts";
import { apiReference } from "../api/reference.ts";
import { checkSite, type BuiltFiles, type SiteReport } from "../check/check-site.ts";
import { ownRepository } from "../pages/repository.ts";
import { planSite } from "../pages/site.ts";
import { siteBuilder } from "./eleventy.ts";
import { emptyOutput } from "./output.ts";
import { siteOptions, USAGE, type SiteOptions } from "./options.ts";

process.chdir(ROOT);
const options = read();
if (options?.help) console.log(USAGE);
else if (options !== undefined) await run(options);

function read(): SiteOptions | undefined {
  try {
    return siteOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function run({ out, serve, port }: SiteOptions): Promise<void> {
  await emptyOutput(out);
  const repository = ownRepository();
  const reference = await apiReference(publishedPackages(repository), join(ROOT, ".cache", "site-api"));
  const site = planSite(repository, reference);
  if (serve) {
    // Drawings are read anew: what they were when this began is not what they become.
    const builder = siteBuilder(site, out, "serve", (path) => ownRepository().read(path));
    await builder.init();
    await builder.watch();
    await builder.serve(port);
    console.log(`the site is shown at port ${port} of this machine; end it with Ctrl+C`);
    return;
  }
  await siteBuilder(site, out, "build", (path) => repository.read(path)).write();
  report(out, checkSite(await builtFiles(out)));
}

function report(out: string, { pages, internalLinks, externalLinks, complaints }: SiteReport): void {
  for (const complaint of complaints) console.error(complaint);
  console.log(
    `${out}: ${pages} pages, ${internalLinks} links inside, ${externalLinks} to elsewhere, ${complaints.length} complaints`,
  );
  if (complaints.length > 0) process.exitCode = 1;
}

async function builtFiles(directory: string): Promise<BuiltFiles> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const read = files.map(async (file): Promise<[string, string]> => {
    const path = relative(directory, file).split(sep).join("/");
    return [path, /\.(?:html|svg)$/.test(path) ? await readFile(file, "utf8") : ""];
  });
  return new Map(await Promise.all(read));
}
