/** What the site uses of Eleventy, which brings no types of its own. */
declare module "@11ty/eleventy" {
  export interface UserConfig {
    readonly ignores: Set<string>;
    setTemplateFormats(formats: readonly string[]): void;
    setLibrary(extension: string, library: unknown): void;
    amendLibrary(extension: string, change: (library: { enable(rule: string): void }) => void): void;
    addGlobalData(name: string, value: unknown): void;
    addTemplate(virtualPath: string, content: unknown, data?: Readonly<Record<string, unknown>>): void;
    addPassthroughCopy(copies: Readonly<Record<string, string>>): void;
    addWatchTarget(glob: string): void;
    setIncludesDirectory(path: string): void;
    setDataDirectory(path: string): void;
    on(event: "eleventy.after", listener: (outcome: { results: readonly Result[] }) => void | Promise<void>): void;
  }

  /** A page that was written. */
  export interface Result {
    readonly url: string;
    readonly content: string;
  }

  export interface Options {
    readonly quietMode?: boolean;
    readonly configPath?: string | null;
    readonly runMode?: "build" | "serve";
    config(eleventy: UserConfig): unknown;
  }

  export class Eleventy {
    constructor(input: string, output: string, options: Options);
    init(): Promise<void>;
    write(): Promise<unknown>;
    watch(): Promise<void>;
    serve(port: number): Promise<void>;
  }
}
