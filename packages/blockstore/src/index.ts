export { HashlogBlockstore, type HashlogBlockstoreOptions } from "./hashlog-blockstore.ts";
