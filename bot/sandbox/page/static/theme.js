/* Sets the remembered scheme before anything is drawn; a classic script, so that nothing flashes. */
(() => {
  const remembered = (() => {
    try {
      return localStorage.getItem("neo-usage-theme");
    } catch {
      return null; // storage may be refused
    }
  })();
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = (theme) => {
    document.documentElement.dataset.theme = theme ?? (dark.matches ? "dark" : "light");
  };
  let chosen = remembered === "dark" || remembered === "light" ? remembered : null;
  apply(chosen);
  dark.addEventListener("change", () => apply(chosen));
  globalThis.toggleTheme = () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    apply(chosen);
    try {
      localStorage.setItem("neo-usage-theme", chosen);
    } catch {
      // then it lasts as long as the page
    }
    return chosen;
  };
})();
