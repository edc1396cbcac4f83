export { runStrategyContract, type TestFunctions } from "./strategy-contract.ts";
