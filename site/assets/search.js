// Finds sections by words. What it searches is fetched when somebody begins to search, from the site itself.
(() => {
  /**
   * Where sections fit equally well, those of guides come first.
   * @type {readonly [RegExp, number][]}
   */
  const WEIGHTS = [
    [/^guides\//, 2.5],
    [/^packages\//, 1.5],
    [/^api\//, 0.8],
    [/^(?:decisions|bench|proof)\//, 0.6],
  ];

  /** @param {string} page */
  const weight = (page) => WEIGHTS.find(([pattern]) => pattern.test(page))?.[1] ?? 1;

  /**
   * Words, and the parts of names that are written together: `ifAbsent` is found by "absent".
   * @param {string} text
   */
  const words = (text) => {
    const whole = text.match(/[\p{L}\p{N}_]+/gu) ?? [];
    return whole.flatMap((word) => [word, ...word.split(/_|(?<=\p{Ll})(?=\p{Lu})/u).slice(1)]).filter(Boolean);
  };

  /** @type {InstanceType<typeof MiniSearch> | undefined} */
  let index;

  function makeIndex() {
    const made = new MiniSearch({
      idField: "u",
      fields: ["t", "h", "x"],
      storeFields: ["u", "t", "h", "x"],
      tokenize: words,
      searchOptions: {
        boost: { t: 4, h: 3 },
        prefix: (term) => term.length > 1,
        fuzzy: (term) => (term.length > 4 ? 0.2 : false),
        combineWith: "AND",
        boostDocument: (id) => weight(String(id)),
      },
    });
    made.addAll(globalThis.hashlogSections);
    return made;
  }

  globalThis.hashlogSearch = (query, limit = 12) => {
    index ??= makeIndex();
    const found = index.search(query).slice(0, limit);
    return /** @type {ReturnType<typeof globalThis.hashlogSearch>} */ (found);
  };
})();
