/** `npm run site`: builds the site into `site/dist` and checks it. With `--serve` it is shown, and built again when a document changes. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { ROOT } from "../../scripts/setup.mjs";
import { publishedPackages } from "../api/entry-points.ts";
import { apiReference } from "../api/reference.ts";
import { checkSite, type BuiltFiles, type SiteReport } from "../check/check-site.ts";
import { ownRepository } from "../pages/repository.ts";
import { planSite } from "../pages/site.ts";
import { siteBuilder } from "./eleventy.ts";

const USAGE = `npm run site                      builds the site into site/dist, and checks it
npm run site -- --out DIRECTORY   builds it elsewhere
npm run site -- --serve           builds it, shows it at an address of this machine, and follows changes of the documents
npm run site -- --serve --port N  at another port than 8080`;

process.chdir(ROOT);
const { values } = parseArgs({
  options: {
    out: { type: "string", default: "site/dist" },
    serve: { type: "boolean", default: false },
    port: { type: "string", default: "8080" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(USAGE);
else await run();

async function run(): Promise<void> {
  const repository = ownRepository();
  const reference = await apiReference(publishedPackages(repository), join(ROOT, ".cache", "site-api"));
  const site = planSite(repository, reference);
  await rm(values.out, { recursive: true, force: true });
  if (values.serve) {
    // Drawings are read anew: what they were when this began is not what they become.
    const builder = siteBuilder(site, values.out, "serve", (path) => ownRepository().read(path));
    await builder.init();
    await builder.watch();
    await builder.serve(Number(values.port));
    console.log(`the site is shown at port ${values.port} of this machine; end it with Ctrl+C`);
    return;
  }
  await siteBuilder(site, values.out, "build", (path) => repository.read(path)).write();
  report(checkSite(await builtFiles(values.out)));
}

function report({ pages, internalLinks, externalLinks, complaints }: SiteReport): void {
  for (const complaint of complaints) console.error(complaint);
  console.log(
    `${values.out}: ${pages} pages, ${internalLinks} links inside, ${externalLinks} to elsewhere, ${complaints.length} complaints`,
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
