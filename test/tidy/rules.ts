/** Every tidy rule by the sentence that it stands for. */
import { ignoredCoverageHasAReason, marksAreUnique, marksAreWellFormed } from "./coverage-rules.ts";
import { examplesAreWhole, examplesImportWhatIsDeclared } from "./example-rules.ts";
import { copiesAreAlike, copiesAreKnown } from "./copy-rules.ts";
import {
  importsFollowTheArrows,
  manifestsAreWhole,
  referencesFollowTheArrows,
  testsImportWhatIsDeclared,
} from "./package-rules.ts";
import {
  onlyFsIoTouchesFiles,
  onlyTheClockReadsTime,
  onlyTheRandomPortIsRandom,
  onlyTheWorkerStartsThreads,
  sourcesPrintNothing,
} from "./port-rules.ts";
import {
  changesetsKnowEveryPackage,
  packagesShareAVersion,
  readmesAreWhole,
  readmesNameWhatIsExported,
} from "./release-rules.ts";
import {
  exportsAreDocumented,
  filesAreShort,
  functionsAreShort,
  indexFilesOnlyReExport,
  noExportStar,
  sourceFilesAreKebabCase,
} from "./shape-rules.ts";
import type { Rule } from "./source-file.ts";
import { noTestIsSwitchedOff, testFilesAreNamedAlike } from "./test-rules.ts";
import {
  linksLeadSomewhere,
  lockfileHoldsNoAddress,
  noPathsOfAMachine,
  noRegistryHosts,
  nothingIsLeftForLater,
} from "./text-rules.ts";

export const RULES: readonly (readonly [sentence: string, rule: Rule])[] = [
  ["only fs-io touches the file system", onlyFsIoTouchesFiles],
  ["only the clock reads time and sets timers", onlyTheClockReadsTime],
  ["only the random port is random", onlyTheRandomPortIsRandom],
  ["only the worker starts threads", onlyTheWorkerStartsThreads],
  ["sources print nothing", sourcesPrintNothing],
  ["nothing is exported by star", noExportStar],
  ["index files hold named re-exports only", indexFilesOnlyReExport],
  ["no file of code is longer than 400 lines", filesAreShort],
  ["no function is longer than 70 lines", functionsAreShort],
  ["everything exported is documented", exportsAreDocumented],
  ["source files are named in kebab-case", sourceFilesAreKebabCase],
  ["coverage marks are well-formed", marksAreWellFormed],
  ["coverage marks are unique", marksAreUnique],
  ["what is taken out of the coverage has a reason", ignoredCoverageHasAReason],
  ["imports follow the arrows between the packages", importsFollowTheArrows],
  ["tests import only what their package declares", testsImportWhatIsDeclared],
  ["every package.json is whole, and its dependencies follow the arrows", manifestsAreWhole],
  ["TypeScript's references follow the arrows", referencesFollowTheArrows],
  ["every example is whole, listed and numbered", examplesAreWhole],
  ["examples import only what they declare", examplesImportWhatIsDeclared],
  ["all packages have one version", packagesShareAVersion],
  ["changesets releases all packages together", changesetsKnowEveryPackage],
  ["every README of a package is whole", readmesAreWhole],
  ["every README of a package names what is exported", readmesNameWhatIsExported],
  ["copies of a source are alike", copiesAreAlike],
  ["no source is there twice, but for those", copiesAreKnown],
  ["nothing is left for later", nothingIsLeftForLater],
  ["no path of somebody's machine is written down", noPathsOfAMachine],
  ["no registry is named", noRegistryHosts],
  ["no lockfile holds an address", lockfileHoldsNoAddress],
  ["every link in the documentation leads somewhere", linksLeadSomewhere],
  ["no test is switched off", noTestIsSwitchedOff],
  ["files of tests are named alike", testFilesAreNamedAlike],
];
