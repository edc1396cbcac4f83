import { runIndexContract } from "@hashlog/index/testing";
import { describe, test } from "vitest";
import { mapKeydir } from "./map-keydir.ts";

runIndexContract({ describe, test }, "the keydir in a Map that the crash tests use", mapKeydir);
