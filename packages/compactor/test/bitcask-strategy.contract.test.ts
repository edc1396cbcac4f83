import { describe, test } from "vitest";
import { bitcaskStrategy } from "@hashlog/compactor";
import { runStrategyContract } from "@hashlog/compactor/testing";

runStrategyContract({ describe, test }, "bitcaskStrategy", bitcaskStrategy);
