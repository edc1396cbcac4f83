import { backgroundStories } from "./background-stories.ts";
import { conditionStories } from "./condition-stories.ts";
import { feedStories } from "./feed-stories.ts";
import { fileStories } from "./file-stories.ts";
import { backupStories } from "./backup-stories.ts";
import { limitStories } from "./limit-stories.ts";
import { lockStories } from "./lock-stories.ts";
import { logStories } from "./log-stories.ts";
import { mergeStories } from "./merge-stories.ts";
import { openingStories } from "./opening-stories.ts";
import { orderStories } from "./order-stories.ts";
import { readerStories } from "./reader-stories.ts";
import { repairStories } from "./repair-stories.ts";
import { recoveryStories } from "./recovery-stories.ts";
import { syncStories } from "./sync-stories.ts";
import { tailStories } from "./tail-stories.ts";
import type { Story } from "./story.ts";

/** Every story there is: together they pass every mark. */
export const STORIES: readonly Story[] = [
  ...openingStories,
  ...recoveryStories,
  ...fileStories,
  ...logStories,
  ...syncStories,
  ...mergeStories,
  ...backgroundStories,
  ...backupStories,
  ...limitStories,
  ...lockStories,
  ...conditionStories,
  ...orderStories,
  ...readerStories,
  ...repairStories,
  ...feedStories,
  ...tailStories,
];
