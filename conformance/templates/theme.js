// Light, dark, or as the system has it. Pages opened from a disk may have no storage.
const themes = ["auto", "light", "dark"];
const themeButton = document.querySelector(".theme");
const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };

const showTheme = (theme) => {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  themeButton.dataset.theme = theme;
  themeButton.textContent = { auto: "◐ Auto", light: "☀ Light", dark: "☾ Dark" }[theme];
};
themeButton.hidden = false;
themeButton.addEventListener("click", () => {
  const theme = themes[(themes.indexOf(themeButton.dataset.theme) + 1) % themes.length];
  showTheme(theme);
  try { localStorage.setItem("theme", theme); } catch { /* remembered for this page only */ }
});
showTheme(themes.includes(stored()) ? stored() : "auto");
