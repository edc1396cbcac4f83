import { describe, test } from "vitest";
import { runIndexContract } from "@hashlog/index/testing";
import { mapKeydir } from "./map-keydir.ts";

runIndexContract({ describe, test }, "a Map", mapKeydir);
