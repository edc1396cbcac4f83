import { testTogether } from "../../../test/support/together-tests.ts";
import { together } from "../src/together.ts";

testTogether(together);
