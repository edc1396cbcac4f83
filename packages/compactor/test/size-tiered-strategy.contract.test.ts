import { describe, test } from "vitest";
import { sizeTieredStrategy } from "@hashlog/compactor";
import { runStrategyContract } from "@hashlog/compactor/testing";

runStrategyContract({ describe, test }, "sizeTieredStrategy", sizeTieredStrategy);
