export { HashlogDatastore, type HashlogDatastoreOptions } from "./hashlog-datastore.ts";
