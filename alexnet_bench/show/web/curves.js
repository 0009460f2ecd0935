// A seed's learning curve, drawn where it is asked for.
"use strict";

(() => {
  const curves = embedded("curves");
  const [width, height, left, bottom, top] = [640, 340, 48, 40, 12];

  /** An element of SVG. */
  function drawn(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /** Round values from 0 to at least the highest, not many. */
  function ticks(highest, most) {
    const steps = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000];
    const step = steps.find((size) => highest / size <= most) ?? 5000;
    return Array.from({ length: Math.floor(highest / step) + 1 }, (_, place) => place * step);
  }

  /** The errors of a curve and of its control's at the same seed, by what they are called. */
  function linesOf(curve) {
    const control = curves.find(
      (other) =>
        other.variant === curve.control && other.seed === curve.seed && other.setting === curve.setting && other !== curve,
    );
    const lines = [
      ["validation", "validation error", curve.epochs, curve.validation],
      ["training", "training error, as trained", curve.epochs, curve.training],
    ];
    if (control && control.variant !== curve.variant) {
      lines.push(["control", `validation error of ${control.variant}`, control.epochs, control.validation]);
    }
    return lines.filter(([, , , values]) => values.some((value) => value !== null));
  }

  function picture(curve) {
    const lines = linesOf(curve);
    const last = Math.max(1, ...lines.flatMap(([, , epochs]) => epochs));
    const highest = Math.max(1, ...lines.flatMap(([, , , values]) => values.filter((value) => value !== null)));
    const x = (epoch) => left + (epoch / last) * (width - left - 10);
    const y = (value) => top + (1 - value / highest) * (height - top - bottom);
    const end = curve.validation.findLast((value) => value !== null);
    const svg = drawn("svg", {
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": `Error after each of ${curve.epochs.length} epochs; at the end, validation error ${end ?? "unknown"}%`,
    });
    for (const value of ticks(highest, 6)) {
      svg.append(drawn("line", { class: "rule", x1: left, x2: width - 10, y1: y(value), y2: y(value) }));
      svg.append(drawn("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, `${value}%`));
    }
    for (const epoch of ticks(last, 10)) {
      svg.append(drawn("text", { x: x(epoch), y: height - bottom + 18, "text-anchor": "middle" }, `${epoch}`));
    }
    svg.append(drawn("text", { x: width / 2, y: height - 4, "text-anchor": "middle" }, "epoch"));
    svg.append(drawn("line", { class: "axis", x1: left, x2: width - 10, y1: y(0), y2: y(0) }));
    for (const [name, , epochs, values] of lines) {
      // A gap where a value is missing.
      let isDown = false;
      const path = values.map((value, place) => {
        if (value === null) return (isDown = false) || "";
        const step = `${isDown ? "L" : "M"}${x(epochs[place]).toFixed(1)} ${y(value).toFixed(1)}`;
        isDown = true;
        return step;
      });
      svg.append(drawn("path", { class: name, d: path.join("") }));
    }
    return [svg, legend(lines)];
  }

  function legend(lines) {
    const list = element("ul", { class: "key" });
    for (const [name, label] of lines) {
      const sample = drawn("svg", { viewBox: "0 0 32 8", width: 32, height: 8, "aria-hidden": "true" });
      sample.append(drawn("path", { class: name, d: "M0 4L32 4" }));
      const holder = element("span", { class: "sample" }, sample);
      list.append(element("li", {}, holder, ` ${label}`));
    }
    return list;
  }

  const dialog = element("dialog", { "aria-labelledby": "curve-title" });
  document.body.append(dialog);

  function show(curve) {
    const close = element("button", { type: "button" }, "Close");
    close.addEventListener("click", () => dialog.close());
    dialog.replaceChildren(
      element("h2", { id: "curve-title" }, [`${curve.variant}, seed ${curve.seed}`, curve.where].filter(Boolean).join(", ")),
      ...picture(curve),
      close,
    );
    dialog.showModal();
  }

  for (const row of document.querySelectorAll("tr[data-curve]")) {
    const curve = curves[Number(row.dataset.curve)];
    const [name] = row.cells;
    const button = element("button", { type: "button", "aria-haspopup": "dialog" }, name.textContent);
    button.addEventListener("click", () => show(curve));
    name.replaceChildren(button);
  }
})();
