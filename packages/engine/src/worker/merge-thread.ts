import { parentPort } from "node:worker_threads";
import { serveMerges } from "./serve-merges.ts";

/* v8 ignore next -- what runs in a thread of its own is not counted; what it calls is tested outside of one as well */
serveMerges(parentPort!);
