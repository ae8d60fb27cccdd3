// The ledger: filters over the table that is there without them, kept in the address so that they can be shared.
"use strict";

const form = document.getElementById("filters");
const shown = document.getElementById("shown");
const FILTERS = ["report", "kind", "outcome", "flag"];

const table = new DataTable("#claims", {
  paging: false, info: false, order: [], autoWidth: false, layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: null },
});
form.hidden = false;
const texts = new Map(table.rows().nodes().toArray().map((row) => [row, plain(row.textContent)]));

/** Whether a row has what the form asks for. */
function wanted(row) {
  if (!matches(texts.get(row), form.elements.words.value)) return false;
  return FILTERS.every((name) => {
    const value = form.elements[name].value;
    if (!value) return true;
    if (name === "outcome" && value === "failed") return row.dataset.failed === "failed";
    return name === "flag" ? row.dataset.flag.split(" ").includes(value) : row.dataset[name] === value;
  });
}

function show() {
  table.search.fixed("filters", (_text, _data, index) => wanted(table.row(index).node()));
  table.draw();
  const { recordsDisplay, recordsTotal } = table.page.info();
  shown.textContent = `${recordsDisplay} of ${recordsTotal} claims`;
}

/** Put the filters into the address. */
function keep() {
  const chosen = new URLSearchParams();
  for (const name of [...FILTERS, "words"]) if (form.elements[name].value) chosen.set(name, form.elements[name].value);
  missing([]);
  history.replaceState(null, "", `#${chosen}`);
}

/** Take the filters from the address, or open the claim that it names. */
function follow() {
  if (location.hash === "#main") { show(); keep(); return; } // the link that skips to the content
  const row = table.rows().nodes().toArray().find((one) => `#${one.id}` === location.hash); // hidden ones included
  const asked = new URLSearchParams(row ? "" : location.hash.slice(1));
  const lost = take(form, [...FILTERS, "words"], asked);
  if (location.hash.startsWith("#claim-") && !row) lost.push(location.hash.slice(1));
  missing(lost);
  show();
  if (row) {
    row.querySelector("details").open = true;
    row.scrollIntoView({ block: "center" });
  }
}

form.addEventListener("input", () => { show(); keep(); });
form.addEventListener("reset", () => setTimeout(() => { show(); keep(); }));
form.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", follow);
follow();
