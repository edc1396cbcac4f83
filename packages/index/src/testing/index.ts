export { runIndexContract, type TestFunctions } from "./index-contract.ts";
