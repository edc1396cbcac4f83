import { describe, test } from "vitest";
import { hashKeydir } from "@hashlog/index";
import { runIndexContract } from "@hashlog/index/testing";

runIndexContract({ describe, test }, "hashKeydir", hashKeydir);
