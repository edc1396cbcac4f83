/** From which the lives of processes are drawn; HASHLOG_SEED replays what a failure printed, but for the machine's part in it. */
export const SEED: number = Number(process.env["HASHLOG_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
