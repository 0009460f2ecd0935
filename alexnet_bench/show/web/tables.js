// Tables that sort by a column and show the rows that hold what is typed.
"use strict";

(() => {
  /** The first number of a cell, by which it sorts: that of `+1.10 [+0.98, +1.22]` is 1.1; null without one. */
  function numberOf(text) {
    const plain = text.replaceAll("−", "-").replaceAll(",", "");
    if (/^[^\d]*∞/.test(plain)) return plain.includes("-") ? -Infinity : Infinity;
    const found = plain.match(/^[^\d\w+-]*([+-]?\d+(\.\d+)?(e[+-]?\d+)?)/i);
    return found ? Number(found[1]) : null;
  }

  /** The order of two cells; what has no number stands last, whichever way is sorted. */
  function compare(one, other, isNumeric, direction) {
    if (!isNumeric) return direction * one.localeCompare(other, undefined, { numeric: true });
    const [a, b] = [numberOf(one), numberOf(other)];
    if (a === null || b === null) return (a === null) - (b === null);
    return direction * (a < b ? -1 : a > b ? 1 : 0);
  }

  function sortBy(table, column, direction) {
    const body = table.tBodies[0];
    const isNumeric = table.tHead.rows[0].cells[column].classList.contains("number");
    const text = (row) => row.cells[column].textContent.trim();
    body.append(...[...body.rows].sort((a, b) => compare(text(a), text(b), isNumeric, direction)));
    [...table.tHead.rows[0].cells].forEach((cell, place) => {
      if (place === column) cell.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    });
  }

  function makeSortable(table) {
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      const button = element("button", { type: "button" }, cell.textContent);
      button.addEventListener("click", () => {
        sortBy(table, column, cell.getAttribute("aria-sort") === "ascending" ? -1 : 1);
      });
      cell.replaceChildren(button);
    });
  }

  /** Show the rows that hold every word that is typed. */
  function makeFilter(table) {
    const rows = [...table.tBodies[0].rows];
    const all = `${rows.length} rows`;
    const told = element("span", { role: "status" }, all);
    const named = `Filter: ${table.caption.textContent.split(":")[0]}`;
    const input = element("input", { type: "search", "aria-label": named });
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
      const shown = rows.filter((row) => !row.hidden).length;
      told.textContent = words.length ? `${shown} of ${all}` : all;
    });
    const label = element("label", {}, "Filter ", input);
    table.closest(".grid").prepend(element("div", { class: "filter" }, label, told));
  }

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    makeSortable(table);
    if (table.tBodies[0].rows.length > 5) makeFilter(table);
  }
})();
