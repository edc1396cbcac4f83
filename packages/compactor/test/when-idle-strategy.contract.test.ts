import { describe, test } from "vitest";
import { whenIdleStrategy } from "@hashlog/compactor";
import { runStrategyContract } from "@hashlog/compactor/testing";

runStrategyContract({ describe, test }, "whenIdleStrategy", whenIdleStrategy);
