// "Compare otherwise": asks `analysis` for the effects of what is chosen, and writes them into the table.
"use strict";
(() => {
  const section = document.getElementById("recompute");
  if (!section) return;
  const { effectText, valueText, pText, MISSING } = numbers;
  const { settings } = embedded("data");
  const form = section.querySelector("form");
  const { measure, control, margin } = form.elements;
  const MARKS = { better: "▲", worse: "▼", equivalent: "■", inconclusive: "◇" };
  // The arms that were taken out, whatever the others are held against.
  const without = new Set();

  // Names without what would turn the text around them, as words.py writes them.
  function plain(text) {
    const written = (sign) => {
      const hex = sign.charCodeAt(0).toString(16);
      return hex.length > 2 ? `\\u${hex.padStart(4, "0")}` : `\\x${hex.padStart(2, "0")}`;
    };
    return text.replace(/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff]/g, written);
  }

  function verdictText({ verdict, kind, pairs, pairsWanted }, pair) {
    if (verdict !== "inconclusive") return verdict || (kind === "interval" ? MISSING : kind);
    if (pairsWanted === null) return `inconclusive (cannot estimate how many ${pair}s it takes)`;
    const more = pairsWanted - pairs;
    return `inconclusive (about ${more} more ${pair}${more === 1 ? "" : "s"})`;
  }

  // A margin is given in points, and of a ratio in percent.
  const scaleOf = ({ unit }) => (unit === "ratio" ? 100 : 1);
  const unitOf = ({ unit }) => ({ "percentage points": "points", ratio: "%" })[unit] ?? unit;
  const shownMargin = (size, measured) => String(Number((size * scaleOf(measured)).toPrecision(3)));

  function marginText(size, measured) {
    const unit = unitOf(measured), space = unit === "%" ? "" : " ";
    return size === null ? "no margin" : `margin ${shownMargin(size, measured)}${space}${unit}`;
  }

  // -- what is chosen

  function chosen() {
    const [place, index] = measure.value.split(":").map(Number);
    const setting = settings[place];
    const held = setting.controls[control.value];
    return { setting, index, measured: setting.measures[index], planned: held?.margins[index] ?? null };
  }

  function possibleArms() {
    const { setting, index } = chosen();
    return analysis.armsOf(setting, control.value, index);
  }

  // -- the form

  function offerMeasures() {
    settings.forEach(({ kind, about, measures }, place) => {
      const label = [kind === "trial" ? "Trained" : "Timed", about].filter(Boolean).join(": ");
      const options = measures.map((one, index) => new Option(one.label, `${place}:${index}`));
      measure.append(element("optgroup", { label }, ...options));
    });
  }

  function offerControls() {
    const { setting } = chosen(), before = control.value;
    const names = Object.keys(setting.controls);
    const called = (name) => plain(name) + (name === setting.control ? " (planned)" : "");
    control.replaceChildren(...names.map((name) => new Option(called(name), name)));
    control.value = names.includes(before) ? before : setting.control;
  }

  function offerMargin() {
    const { measured, planned } = chosen();
    section.querySelector(".unit").textContent = unitOf(measured);
    margin.placeholder = planned === null ? "none" : shownMargin(planned, measured);
  }

  function offerArms() {
    section.querySelector(".arms").replaceChildren(...possibleArms().map((name) => {
      const box = element("input", { type: "checkbox", name: "arm", value: name });
      box.checked = !without.has(name);
      return element("label", {}, box, ` ${plain(name)}`);
    }));
  }

  // -- the answer

  function show() {
    const { setting, index, measured, planned } = chosen();
    const isMargin = margin.checkValidity();
    const asked = margin.value === "" ? null : Number(margin.value) / scaleOf(measured);
    const arms = possibleArms().filter((name) => !without.has(name));
    const choice = { control: control.value, measure: index, arms, margin: asked };
    const rows = isMargin ? analysis.effects(setting, choice) : [];
    const pair = setting.kind === "trial" ? "seed" : "draw";
    section.querySelector("tbody").replaceChildren(...rows.map((row) => line(row, measured, pair)));
    section.querySelector(".scroll").hidden = !rows.length;
    margin.setAttribute("aria-invalid", String(!isMargin));
    const label = measured.label[0].toUpperCase() + measured.label.slice(1);
    const asking = `${label} against ${plain(control.value)}, ${marginText(asked ?? planned, measured)}`;
    section.querySelector("[role=status]").textContent = isMargin
      ? [`${asking}: ${tally(rows)}.`, ...(rows.length ? cautions(arms) : [])].join(" ")
      : "The margin must be a number of zero or more; leave it empty for the planned one.";
  }

  function tally(rows) {
    const counts = new Map();
    for (const { verdict } of rows) {
      const word = verdict || "without a verdict";
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    return [...counts].map(([word, count]) => `${count} ${word}`).join(", ") || "no arm is chosen";
  }

  // What must be known of the effects of this choice.
  function cautions(arms) {
    const { setting, index } = chosen();
    const isJudged = analysis.isJudged(setting, [control.value, ...arms], index);
    const [{ label }] = setting.measures.filter(({ headline }) => headline);
    return [
      ...(isJudged ? [] : [`Verdicts are given on ${label} and on throughput alone.`]),
      ...(control.value === setting.control ? [] : ["Arms may differ from this control in more than one thing."]),
    ];
  }

  function line(row, { unit, valueUnit }, pair) {
    const kind = row.verdict || "none";
    const mark = element("span", { class: `mark ${kind}`, "aria-hidden": "true" }, MARKS[row.verdict] ?? "○");
    const twin = row.sameNetwork ? [`the same network as ${control.value}, measured twice`] : [];
    const number = (text) => element("td", { class: "number" }, text);
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, plain(row.arm)),
      number(effectText(row, unit)),
      element("td", { class: kind }, mark, ` ${verdictText(row, pair)}`),
      number(String(row.pairs)),
      number(valueText(row.controlValue, valueUnit)),
      number(valueText(row.armValue, valueUnit)),
      number(pText(row.pDifference)),
      number(pText(row.pEquivalence)),
      element("td", {}, plain([...twin, ...row.notes].join("; "))),
    );
  }

  // -- what happens

  function renewMeasure() {
    margin.value = "";
    offerControls();
    renewControl();
  }

  function renewControl() {
    offerMargin();
    offerArms();
    show();
  }

  function begin() {
    without.clear();
    control.value = settings[0].control;
    renewMeasure();
  }

  function takeOut(names, isOut) {
    names.forEach((name) => (isOut ? without.add(name) : without.delete(name)));
  }

  function takeAllOut(isOut) {
    takeOut(possibleArms(), isOut);
    renewControl();
  }

  form.addEventListener("input", ({ target }) => {
    if (target === measure) renewMeasure();
    else if (target === control) renewControl();
    else {
      if (target !== margin) takeOut([target.value], !target.checked);
      show();
    }
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  // Once the fields are what they were.
  form.addEventListener("reset", () => setTimeout(begin));
  form.elements.all.addEventListener("click", () => takeAllOut(false));
  form.elements.none.addEventListener("click", () => takeAllOut(true));

  offerMeasures();
  begin();
})();
