export { runCodecContract, type CodecFixture, type CodecUse, type TestFunctions } from "./codec-contract.ts";
export { runRandomContract } from "./random-contract.ts";
