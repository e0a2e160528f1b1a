// What the two pages add to the element: the theme reaches the page, and embed.html?controls=none&story=NAME sets attributes.
const explorer = document.querySelector("vkernel-explorer");
for (const name of ["controls", "story", "view", "preset", "t", "seed", "theme"]) {
  const value = new URLSearchParams(location.search).get(name);
  if (value !== null) explorer.setAttribute(`data-${name}`, value);
}
explorer.addEventListener("vkernel-state", ({ detail }) => {
  document.documentElement.dataset.theme = detail.state.theme;
});
await import("./explorer.js");
document.documentElement.dataset.theme = explorer.getState().theme;
