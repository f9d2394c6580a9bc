// Sorts a table by the column whose heading is pressed; without scripts the tables stay in their order.
(() => {
  "use strict";

  // The figure of a cell with all its digits, else its text; an empty figure is null.
  function key(row, place) {
    const cell = row.cells[place];
    const exact = cell.dataset.value;
    if (exact !== undefined) return exact === "" ? null : Number(exact);
    const text = cell.textContent.trim();
    const number = parseFloat(text.replace(/,/g, ""));
    if (cell.classList.contains("number")) return Number.isNaN(number) ? null : number;
    return text;
  }

  // Rows without a figure come last, whichever way the others go.
  function compare(a, b, sign) {
    if (a === null || b === null) return (a === null) - (b === null);
    const order = typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });
    return sign * order;
  }

  function sort(table, heading, place) {
    const isNumber = heading.classList.contains("number");
    const before = heading.getAttribute("aria-sort");
    const way = before ? (before === "ascending" ? "descending" : "ascending") : isNumber ? "descending" : "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", way);
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [key(row, place), row]);
    rows.sort((a, b) => compare(a[0], b[0], way === "ascending" ? 1 : -1));
    body.append(...rows.map((entry) => entry[1]));
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((heading, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, heading, place));
      heading.append(button);
    });
  }
})();
