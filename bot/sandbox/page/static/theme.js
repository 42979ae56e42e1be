/* Applies the stored theme before the first paint; a classic script, so that the page does not flash. */
(() => {
  const stored = (() => {
    try {
      return localStorage.getItem("neo-usage-theme");
    } catch {
      return null; // storage may be disabled
    }
  })();
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = (theme) => {
    document.documentElement.dataset.theme = theme ?? (dark.matches ? "dark" : "light");
  };
  let chosen = stored === "dark" || stored === "light" ? stored : null;
  apply(chosen);
  dark.addEventListener("change", () => apply(chosen));
  globalThis.toggleTheme = () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    apply(chosen);
    try {
      localStorage.setItem("neo-usage-theme", chosen);
    } catch {
      // the choice is then lost with the page
    }
    return chosen;
  };
})();
