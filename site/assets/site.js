// What needs a script: the choice of colours, and the search. Without it everything else works as it is.
(() => {
  const root = document.documentElement;
  const base = document.body.dataset["root"] ?? "";

  /**
   * @template {Element} T
   * @param {string} selector
   * @param {new () => T} type
   */
  function part(selector, type) {
    const found = document.querySelector(selector);
    if (!(found instanceof type)) throw new Error(`this page has no ${selector}`);
    return found;
  }

  function offerColours() {
    const button = part(".theme", HTMLButtonElement);
    const isDark = () => {
      const chosen = root.dataset["theme"];
      return chosen === undefined ? matchMedia("(prefers-color-scheme: dark)").matches : chosen === "dark";
    };
    const say = () => button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
    button.hidden = false;
    say();
    button.addEventListener("click", () => {
      const chosen = isDark() ? "light" : "dark";
      root.dataset["theme"] = chosen;
      say();
      try {
        localStorage.setItem("hashlog-theme", chosen);
      } catch {
        // It lasts as long as the page, then.
      }
    });
  }

  /** @type {Promise<unknown> | undefined} */
  let loading;

  /** The words of the site, and what finds them: once, when somebody begins to search. */
  function load() {
    loading ??= Promise.all(["minisearch.js", "sections.js"].map(loadScript));
    return loading;
  }

  /** @param {string} name */
  function loadScript(name) {
    return new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = `${base}assets/${name}`;
      element.addEventListener("load", resolve);
      element.addEventListener("error", () => reject(new Error(`${element.src} could not be loaded`)));
      document.head.append(element);
    });
  }

  /**
   * The words around the first one that was found.
   * @param {string} text
   * @param {readonly string[]} terms
   */
  function excerpt(text, terms) {
    const lower = text.toLowerCase();
    const places = terms.map((term) => lower.indexOf(term.toLowerCase())).filter((at) => at >= 0);
    const start = Math.max(0, (places.length > 0 ? Math.min(...places) : 0) - 50);
    const from = start === 0 ? 0 : text.indexOf(" ", start) + 1;
    const to = text.length <= from + 150 ? text.length : text.lastIndexOf(" ", from + 150);
    return `${from > 0 ? "… " : ""}${text.slice(from, to)}${to < text.length ? " …" : ""}`;
  }

  /** @param {ReturnType<typeof globalThis.hashlogSearch>[number]} found */
  function resultLink(found) {
    const link = document.createElement("a");
    link.href = base + found.u;
    const title = document.createElement("strong");
    title.textContent = found.h ? `${found.t}: ${found.h}` : found.t;
    const text = document.createElement("span");
    text.textContent = excerpt(found.x, found.terms);
    link.append(title, text);
    return link;
  }

  function offerSearch() {
    const form = part(".search", HTMLFormElement);
    const input = part(".search input", HTMLInputElement);
    const results = part(".search .results", HTMLElement);
    form.hidden = false;

    async function show() {
      const query = input.value.trim();
      results.hidden = query === "";
      if (query === "") return;
      await load();
      if (input.value.trim() !== query) return;
      const found = globalThis.hashlogSearch(query).map(resultLink);
      const nothing = document.createElement("p");
      nothing.textContent = "Nothing is found by these words.";
      results.replaceChildren(...(found.length > 0 ? found : [nothing]));
    }

    /** @param {number} by */
    function step(by) {
      const all = [input, ...results.querySelectorAll("a")];
      const at = all.findIndex((each) => each === document.activeElement);
      all[(at + by + all.length) % all.length]?.focus();
    }

    input.addEventListener("focus", () => void load());
    input.addEventListener("input", () => void show());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      results.querySelector("a")?.click();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        results.hidden = true;
        input.blur();
      } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !results.hidden) {
        event.preventDefault();
        step(event.key === "ArrowDown" ? 1 : -1);
      }
    });
    document.addEventListener("click", ({ target }) => {
      const isResult = target instanceof Element && target.closest(".results a") !== null;
      if (!(target instanceof Node) || !form.contains(target) || isResult) results.hidden = true;
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target instanceof Element && event.target.closest("input, textarea, select") !== null;
      if (event.key === "/" && !typing) {
        event.preventDefault();
        input.focus();
      }
    });
  }

  offerColours();
  offerSearch();
})();
