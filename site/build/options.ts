/** What the command can be told. */
import { parseArgs } from "node:util";

export const USAGE = `npm run site                      builds the site into site/dist, and checks it
npm run site -- --out DIRECTORY   builds it elsewhere: in place of a site that is there
npm run site -- --serve           builds it, shows it at an address of this machine, and follows changes of the documents
npm run site -- --serve --port N  at another port than 8080`;

export interface SiteOptions {
  readonly out: string;
  readonly serve: boolean;
  readonly port: number;
  readonly help: boolean;
}

/** @throws Error that says what is wrong with the command line */
export function siteOptions(args: readonly string[]): SiteOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: "string", default: "site/dist" },
      serve: { type: "boolean", default: false },
      port: { type: "string", default: "8080" },
      help: { type: "boolean", default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`${values.port} is no port: it is 1 to 65535`);
  return { ...values, port };
}
