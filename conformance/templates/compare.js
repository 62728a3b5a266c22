// Many runs: rows of the matrix are filtered as asked.

const rows = [...document.querySelectorAll(".row[data-kinds]")];
const kinds = [...document.querySelectorAll("[data-kind]")];
const search = document.getElementById("search");
const texts = rows.map((row) => row.textContent.toLowerCase());

const filter = () => {
  const { kind } = kinds.find((button) => button.getAttribute("aria-pressed") === "true").dataset;
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  rows.forEach((row, index) => {
    const fits = (kind === "" || row.dataset.kinds.split(" ").includes(kind))
      && words.every((word) => texts[index].includes(word));
    row.hidden = !fits;
    if (fits) shown += 1;
  });
  for (const body of document.querySelectorAll(".matrix tbody")) {
    body.hidden = !body.querySelector(".row:not([hidden])");
  }
  document.getElementById("count").textContent = `${shown} of ${rows.length} statements`;
  document.getElementById("nothing").hidden = shown > 0;
};

search.addEventListener("input", filter);
for (const button of kinds) {
  button.addEventListener("click", () => {
    for (const other of kinds) other.setAttribute("aria-pressed", String(other === button));
    filter();
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input")) return;
  event.preventDefault();
  search.focus();
});
filter();
