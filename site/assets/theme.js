// Runs before anything is drawn, so that a page never flashes in the colours that were not chosen.
(() => {
  try {
    const chosen = localStorage.getItem("hashlog-theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset["theme"] = chosen;
  } catch {
    // Where nothing may be stored, the colours are those of the system.
  }
})();
