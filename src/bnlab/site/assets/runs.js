// The runs: a table to choose from, and the curves of those that are chosen, which the address keeps.
"use strict";

const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#1A1A1A", "#6E6E6E"]; // Okabe and Ito
const CHARTS = { loss: ["probe_loss", "validation_loss"], cost: ["probe_cost", "validation_cost"],
  accuracy: ["probe_accuracy", "validation_accuracy"], rate: ["learning_rate"] };
const COLUMNS = ["update", "learning_rate", "probe_loss", "validation_loss", "probe_cost", "validation_cost",
  "probe_accuracy", "validation_accuracy"]; // as bnlab.site.runs hands them over
const SHOWN = ["study", "protocol", "network", "batch_norm", "initialization", "learning_rate", "weight_decay", "start", "seed"];
const NUMBERS = ["learning_rate", "weight_decay", "seed"];
const FILTERS = ["study", "experiment", "network", "batch_norm", "initialization"];

const form = document.getElementById("filters");
const loaded = new Map(); // curves by study/experiment
let runs = new Map(); // by name
let chosen; // names, once the address was read
let plots = [];
let table;

window.bnlab = {
  /** What data/runs.js calls. */
  runs({ places, settings, levels, rows }) {
    runs = new Map(rows.map(([listed, ...row]) => {
      const run = Object.fromEntries(settings.map((name, i) => [name, levels[name][row[i]]]));
      const rest = ["seed", "training", "validation", "test", "diverged_at", "name"];
      rest.forEach((name, i) => { run[name] = row[settings.length + i]; });
      run.places = listed.map((place) => places[place]);
      [run.study, run.experiment] = [0, 1].map((part) => [...new Set(run.places.map((place) => place[part]))].join(", "));
      run.text = plain([...[...SHOWN, "experiment", "name"].map((name) => run[name]), accuracy(run, run.validation), accuracy(run, run.test)].join(" "));
      return [run.name, run];
    }));
    document.getElementById("explorer").hidden = false;
    const [studies, experiments] = [0, 1].map((part) => [...new Set(places.map((place) => place[part]))]);
    for (const [name, words] of Object.entries({ ...levels, study: studies, experiment: experiments })) {
      if (FILTERS.includes(name)) form.elements[name].append(...words.map((word) => new Option(word, word)));
    }
    list();
    follow();
  },
  /** What each data/curves-*.js calls. */
  curves(key, content) { loaded.set(key, content); },
};

const accuracy = (run, value) => (run.diverged_at !== null ? `diverged at ${run.diverged_at}` : value?.toFixed(2) ?? "–");

function list() {
  const words = (name) => ({ data: name, render: DataTable.render.text() });
  const number = (name) => ({ data: name, className: "number", // a rate that is scheduled comes before all numbers
    render: (value, type) => type === "display" ? value : Number.isNaN(Number(value)) ? -1 : Number(value) });
  table = new DataTable("#runs", {
    data: [...runs.values()], pageLength: 15, order: [], info: false, autoWidth: false,
    layout: { topStart: null, topEnd: null, bottomStart: "paging", bottomEnd: null },
    columns: [
      { data: "name", orderable: false, render: (name, type, run) => type !== "display" ? name
        : `<input type="checkbox" value="${name}" aria-label="${label(run)}"${chosen?.includes(name) ? " checked" : ""}>` },
      words("study"), words("experiment"), words("network"), words("batch_norm"), words("initialization"),
      ...NUMBERS.map(number),
      { data: "validation", className: "number", render: (value, type, run) => type === "display" ? accuracy(run, value) : value ?? -1 },
      { data: "test", className: "number", render: (value, type, run) => type === "display" ? accuracy(run, value) : value ?? -1 },
    ],
  });
  table.search.fixed("filters", (_text, run) => wanted(run));
}

/** Whether a run is what the form asks for; in one of its experiments, and with all words somewhere. */
function wanted(run) {
  const asks = (name, value) => !form.elements[name].value || value === form.elements[name].value;
  return run.places.some(([study, experiment]) => asks("study", study) && asks("experiment", experiment))
    && FILTERS.slice(2).every((name) => asks(name, run[name]))
    && matches(run.text, form.elements.words.value);
}

const label = (run) => `${run.network}, ${run.batch_norm} batch normalization, ${run.initialization}, η ${run.learning_rate}, λ ${run.weight_decay}`
  + `${run.start === "fresh" ? "" : ", warm start"}, seed ${run.seed}`;

function filter() {
  table.draw();
  const { recordsDisplay, recordsTotal } = table.page.info();
  document.getElementById("shown").textContent = `${recordsDisplay} of ${recordsTotal} runs`;
}

/** The choice in the address, or a first pair that differs in nothing but batch normalization. */
function follow() {
  if (location.hash === "#main" && chosen) return keep(); // the link that skips to the content
  const asked = new URLSearchParams(location.hash === "#main" ? "" : location.hash.slice(1));
  const lost = take(form, [...FILTERS, "words"], asked);
  const named = (asked.get("runs") ?? "").split(",").filter(Boolean);
  lost.push(...named.filter((name) => !runs.has(name)));
  chosen = named.length ? named.filter((name) => runs.has(name)) : firstPair();
  missing(lost);
  filter();
  table.rows().invalidate("data").draw(false);
  show();
}

function firstPair() {
  const alike = ["protocol", "network", "initialization", "learning_rate", "weight_decay", "start", "seed"];
  const seen = new Map();
  for (const run of runs.values()) {
    const key = JSON.stringify(alike.map((name) => run[name]));
    const other = seen.get(key);
    if (other && other.batch_norm !== run.batch_norm) return run.batch_norm === "with" ? [run.name, other.name] : [other.name, run.name];
    seen.set(key, run);
  }
  return [...runs.keys()].slice(0, 1);
}

function keep() {
  const asked = new URLSearchParams();
  for (const name of [...FILTERS, "words"]) if (form.elements[name].value) asked.set(name, form.elements[name].value);
  if (chosen.length) asked.set("runs", chosen.join(","));
  missing([]);
  history.replaceState(null, "", `#${asked}`);
}

/** The study and experiment whose file of curves a run is looked up in: the first that lists it. */
const home = (run) => run.places[0].join("/");

/** Load the curves of a study's experiment once. */
function load(key) {
  if (loaded.has(key)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `data/curves-${key.replace("/", ".")}.js`;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}

async function show() {
  const now = chosen.map((name) => runs.get(name));
  tabulate(now);
  await Promise.allSettled([...new Set(now.map(home))].map(load)); // a file can be lost
  if (now.map((run) => run.name).join() !== chosen.join()) return; // another choice was made meanwhile
  plots.forEach((plot) => plot.destroy());
  plots = Object.keys(CHARTS).map((name) => draw(name, now));
}

function draw(name, now) {
  const place = document.getElementById(name);
  const tables = [], series = [{}];
  now.forEach((run, i) => {
    const points = loaded.get(home(run))?.curves[run.name];
    if (!points) return; // it diverged at once, or its file is not there
    for (const column of CHARTS[name]) {
      tables.push([points[0], points[COLUMNS.indexOf(column)]]);
      series.push({ stroke: COLOURS[i % COLOURS.length], width: 1.5, dash: column.startsWith("probe") ? [5, 3] : [],
        points: { show: false }, spanGaps: true });
    }
  });
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", `${name} against the update for ${now.map(label).join("; ")}`);
  return new uPlot({ width: place.clientWidth, height: 220, series, cursor: { y: false }, legend: { show: false },
    scales: { x: { time: false } },
    axes: [{ size: 32, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString("en")) }, { size: 52 }] },
    tables.length ? uPlot.join(tables) : [[]], place);
}

function tabulate(now) {
  const body = document.querySelector("#chosen tbody");
  const differs = (name) => new Set(now.map((run) => run[name])).size > 1;
  body.replaceChildren(...now.map((run, i) => {
    const row = document.createElement("tr");
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.background = COLOURS[i % COLOURS.length];
    row.insertCell().append(swatch);
    for (const name of SHOWN) {
      const cell = row.insertCell();
      cell.textContent = run[name];
      cell.classList.toggle("differs", now.length > 1 && differs(name));
      cell.classList.toggle("number", NUMBERS.includes(name));
    }
    for (const value of [run.validation, run.test]) {
      const cell = row.insertCell();
      cell.className = "number";
      cell.textContent = accuracy(run, value);
    }
    const command = `snakemake --cores 8 results/runs/${run.name}/run.json`;
    const cell = row.insertCell();
    cell.className = "command";
    cell.append(button("Copy", `Copy the command of ${label(run)}`, (pressed) => copy(command, pressed, label(run))),
      button("Remove", `Remove ${label(run)}`, () => remove(run.name, i)));
    const code = document.createElement("code");
    code.textContent = command;
    code.title = command;
    cell.append(code);
    return row;
  }));
}

function button(words, spoken, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = words;
  made.setAttribute("aria-label", spoken);
  made.addEventListener("click", () => act(made));
  return made;
}

async function copy(text, pressed, run) {
  await navigator.clipboard.writeText(text);
  pressed.textContent = "Copied";
  document.getElementById("said").textContent = `Copied the command of ${run}.`;
}

function choose(name, wanted) {
  chosen = wanted ? [...chosen, name] : chosen.filter((one) => one !== name);
  keep();
  show();
}

/** Take a run out of the chosen ones; its box may be on another page of the table. The focus stays at hand. */
function remove(name, place) {
  const box = table.row((_, run) => run.name === name).node()?.querySelector("input");
  if (box) box.checked = false;
  choose(name, false);
  const rows = document.querySelectorAll("#chosen tbody tr");
  (rows[Math.min(place, rows.length - 1)]?.querySelector("button:last-of-type") ?? form.elements.study).focus();
}

document.getElementById("runs").addEventListener("change", (event) => choose(event.target.value, event.target.checked));
form.addEventListener("input", () => { filter(); keep(); });
form.addEventListener("reset", () => setTimeout(() => { filter(); keep(); }));
form.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", follow);
window.addEventListener("resize", () => plots.forEach((plot) => plot.setSize({ width: plot.root.parentElement.clientWidth, height: 220 })));
