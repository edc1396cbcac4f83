/** What came of a rehearsal. Each thing that was looked at is right, or there are findings about it. */
export class Verdict {
  passed = 0;
  readonly findings: string[] = [];
  readonly #tell: (finding: string) => void;

  /** @param tell Called for each finding, when it comes. */
  constructor(tell: (finding: string) => void) {
    this.#tell = tell;
  }

  /** One thing, and what is wrong with it. */
  judge(complaints: readonly string[]): void {
    if (complaints.length === 0) this.passed += 1;
    for (const complaint of complaints) {
      this.findings.push(complaint);
      this.#tell(complaint);
    }
  }
}
