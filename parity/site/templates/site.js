// What a page does beside being read: theme, search, filters, sorting, columns of code, plots.  No page needs it to be read.
"use strict";
(() => {
  const root = document.documentElement.dataset.root;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const kept = (value) => {  // a browser may keep nothing for a page from a folder
    try {
      if (value) localStorage.setItem("theme", value);
      return localStorage.getItem("theme");
    } catch { return null; }
  };
  const set = (theme) => { document.documentElement.dataset.theme = theme; };
  if (kept()) set(kept());  // before the page is drawn

  const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";

  function theme() {
    const button = document.getElementById("theme");
    const show = () => { button.setAttribute("aria-pressed", String(isDark())); restyle(); };
    button.addEventListener("click", () => { set(isDark() ? "light" : "dark"); kept(document.documentElement.dataset.theme); show(); });
    dark.addEventListener("change", show);
    show();
  }

  function script(address) {
    return new Promise((done) => {
      const element = document.createElement("script");
      element.src = root + address;
      element.onload = done;
      document.head.append(element);
    });
  }

  // Search: every word must be in an entry; hits in its name come first.
  const MOST = 40;
  function search() {
    const form = document.querySelector(".search"), input = form.querySelector("input");
    const box = form.querySelector(".found"), list = box.querySelector("ul"), count = box.querySelector("p");
    let loaded = null;
    const load = () => { loaded ??= script("search.js"); return loaded; };
    const close = () => { box.hidden = true; };
    input.addEventListener("focus", load);
    input.addEventListener("input", async () => {
      await load();
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      box.hidden = !words.length;
      const hits = window.PARITY_INDEX.filter(({name, title, more}) => {
        const text = `${name} ${title} ${more}`.toLowerCase();
        return words.every((word) => text.includes(word));
      });
      const inName = (hit) => words.some((word) => hit.name.toLowerCase().includes(word));
      hits.sort((a, b) => inName(b) - inName(a));
      count.textContent = hits.length === 1 ? "1 found" : `${hits.length} found${hits.length > MOST ? `, the first ${MOST}` : ""}`;
      list.replaceChildren(...hits.slice(0, MOST).map((hit) => {
        const item = document.createElement("li"), link = document.createElement("a"), small = document.createElement("small");
        link.href = root + hit.address;
        small.textContent = hit.title;
        link.append(`${hit.name} · ${hit.kind}`, small);
        item.append(link);
        return item;
      }));
    });
    form.addEventListener("keydown", (event) => {
      const links = [...list.querySelectorAll("a")], at = links.indexOf(document.activeElement);
      if (event.key === "Escape") { close(); input.focus(); }
      if (event.key === "ArrowDown" && links.length) { event.preventDefault(); (links[at + 1] ?? links[0]).focus(); }
      if (event.key === "ArrowUp" && links.length) { event.preventDefault(); at > 0 ? links[at - 1].focus() : input.focus(); }
    });
    form.addEventListener("submit", (event) => { event.preventDefault(); list.querySelector("a")?.click(); });
    document.addEventListener("click", (event) => { if (!form.contains(event.target)) close(); });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); input.focus(); }
    });
  }

  // Filters: a form's fields are compared with the data-* of rows and columns; a cell of units shows the worst that is left.
  function filters() {
    const form = document.querySelector("form.filters");
    if (!form) return;
    const apply = () => {
      const asked = Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
      const fits = (element) => Object.entries(asked).every(([key, value]) =>
        !(key in element.dataset) || element.dataset[key] === value);
      const words = (asked.words ?? "").toLowerCase().split(/\s+/).filter(Boolean);
      for (const element of document.querySelectorAll("[data-filtered]")) {
        const text = element.dataset.text ?? "";
        element.hidden = !fits(element) || !words.every((word) => text.includes(word));
      }
      document.querySelectorAll("td[data-by]").forEach((cell) => worst(cell, asked));
      for (const table of document.querySelectorAll("table[data-times]")) {
        [...table.tHead.rows[0].cells].forEach((column, place) => {
          const away = "column" in column.dataset && !fits(column);
          for (const row of table.rows) row.cells[place].hidden = away;
        });
        const timed = ({hidden, dataset}) => !hidden && (dataset.ratios ?? "{}") !== "{}";
        for (const row of table.tBodies[0].rows) row.hidden ||= ![...row.cells].some(timed);
        relate(table, asked);
      }
      const count = document.getElementById("count");
      if (count) count.textContent = `${document.querySelectorAll("[data-filtered]:not([hidden])").length} shown`;
    };
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    const first = new URLSearchParams(location.search).get("words");
    if (first && form.elements.words) form.elements.words.value = first;
    apply();
  }

  // A cell's data-by: device, dtype and mode -> what is sorted by, the text, the kind and the heat.
  function worst(cell, asked) {
    const left = Object.entries(JSON.parse(cell.dataset.by)).filter(([key]) => {
      const [device, dtype, mode] = key.split(" ");
      return [["device", device], ["dtype", dtype], ["mode", mode]].every(([name, value]) => !asked[name] || asked[name] === value);
    }).map(([, found]) => found).sort((a, b) => a[0] - b[0]);
    const [order, text, kind, heat] = left.at(-1) ?? [-1, "–", "none", 0];
    cell.textContent = text;
    cell.className = `units ${kind}`;
    cell.dataset.value = order;
    cell.style.setProperty("--h", heat);
  }

  // A table of times: every cell has its ratio to each reference, and so have the means of each topic.
  function relate(table, asked) {
    for (const cell of table.querySelectorAll("td[data-ratios]")) {
      const [text, value, heat] = JSON.parse(cell.dataset.ratios)[asked.reference] ?? ["–", 1e9, 0];
      cell.textContent = text;
      cell.dataset.value = value;
      cell.style.setProperty("--h", Math.abs(heat));
      cell.classList.toggle("fast", heat < 0);
      cell.classList.toggle("slow", heat > 0);
    }
    for (const row of table.querySelectorAll("tfoot tr")) row.hidden = (row.dataset.topic ?? "") !== (asked.topic ?? "");
  }

  function sorting() {
    for (const button of document.querySelectorAll("th .sort")) {
      button.addEventListener("click", () => {
        const head = button.closest("th"), body = head.closest("table").tBodies[0];
        const place = [...head.parentElement.cells].indexOf(head);
        const up = head.getAttribute("aria-sort") === "descending" || head.cellIndex === 0 && !head.hasAttribute("aria-sort");
        for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const key = (row) => row.cells[place]?.dataset.value ?? row.cells[place]?.textContent ?? "";
        const rows = [...body.rows].filter((row) => !row.classList.contains("topic"));
        for (const row of body.querySelectorAll(".topic")) row.remove();  // the order is another now
        const numeric = rows.every((row) => key(row) === "" || !Number.isNaN(Number(key(row))));
        const order = (a, b) => numeric ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b));
        body.append(...rows.sort((a, b) => up ? order(a, b) : order(b, a)));
      });
    }
  }

  function tabs() {
    for (const group of document.querySelectorAll(".tabs")) {
      const columns = group.nextElementSibling, buttons = [...group.querySelectorAll("button")];
      const show = (place) => {
        columns.dataset.show = place;
        buttons.forEach((button, other) => button.setAttribute("aria-pressed", String(other === place)));
      };
      buttons.forEach((button, place) => button.addEventListener("click", () => show(place)));
      show(0);
    }
  }

  // Plots are drawn when they come into sight, in the colours of the theme.
  const LEGEND = 19, CHARACTER = 7, SYMBOL = 50;  // pixels of a row, a letter, and of what stands before a name
  const drawn = [];
  function colours(element) {
    const style = getComputedStyle(element);
    return {ink: style.color, line: getComputedStyle(element.closest("figure")).borderTopColor};
  }
  function themed(element, layout) {
    const {ink, line} = colours(element);
    const axis = {gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true};
    const axes = Object.fromEntries(Object.keys({xaxis: 0, yaxis: 0, ...layout})
      .filter((key) => /^[xy]axis/.test(key)).map((key) => [key, {...axis, ...layout[key]}]));
    return {
      margin: {l: 55, r: 12, t: 12, b: 40}, hovermode: "closest",
      legend: {orientation: "h", y: 1.02, yanchor: "bottom", x: 0, maxheight: 1},
      ...layout, ...axes, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: {color: ink, family: "system-ui, sans-serif", size: 12},
    };
  }
  // A legend stands above its plot, which keeps its height: on a phone each name has a row of its own.
  function legend(traces, width) {
    const longest = Math.max(...traces.map(({name}) => name.length));
    return LEGEND * Math.ceil(traces.length / Math.max(1, Math.floor(width / (CHARACTER * longest + SYMBOL))));
  }
  const plain = (_, value) => typeof value === "string" ? value.replaceAll("<", "&lt;") : value;  // plotly reads markup
  function draw(element) {
    const {traces, layout} = JSON.parse(element.nextElementSibling.textContent, plain);
    const {clientWidth, clientHeight} = element;
    element.style.height = `${(layout.height ?? clientHeight) + legend(traces, clientWidth)}px`;
    delete layout.height;
    window.Plotly.newPlot(element, traces, themed(element, layout), {displayModeBar: false, responsive: true});
    drawn.push([element, layout]);
  }
  function restyle() {
    for (const [element, layout] of drawn) window.Plotly.relayout(element, themed(element, layout));
  }
  async function plots() {
    const elements = document.querySelectorAll(".plot");
    if (!elements.length) return;
    await script("plotly.min.js");
    const seen = new IntersectionObserver((entries) => {
      for (const {isIntersecting, target} of entries) if (isIntersecting) { seen.unobserve(target); draw(target); }
    }, {rootMargin: "300px"});
    elements.forEach((element) => seen.observe(element));
  }

  document.addEventListener("DOMContentLoaded", () => { theme(); search(); filters(); sorting(); tabs(); plots(); });
})();
