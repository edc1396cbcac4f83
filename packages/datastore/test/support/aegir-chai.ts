/**
 * The assertions that the suites of js-stores import from "aegir/chai". That package brings whole browsers along, and they do not
 * declare it: vitest.config.ts leads the name here. These are the plugins that it uses, and the suites need.
 */
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import chaiParentheses from "chai-parentheses";

use(chaiAsPromised);
use(chaiParentheses);

export { expect };
