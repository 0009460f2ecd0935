// Effects, values and p-values as text: the same as alexnet_bench/show/numbers.py. Functions of their
// arguments alone.
"use strict";
const numbers = (() => {
  const MISSING = "–";

  // With so many decimals. Python rounds an exact half to the even digit, toFixed away from zero.
  function rounded(value, digits) {
    const isHalf = Math.abs(value * 2 ** (digits + 1)) % 2 === 1;
    const cut = value.toFixed(digits + 1).slice(0, digits ? -1 : -2);
    return isHalf && Number(cut.at(-1)) % 2 === 0 ? cut : value.toFixed(digits);
  }

  function fixed(value, digits) {
    const text = rounded(value, digits);
    // What rounds to nothing has no sign.
    return text.replace("-", /[1-9]/.test(text) ? "−" : "");
  }

  // Of a number with at most two decimals.
  const inThousands = (text) => text.replace(/\B(?=(\d{3})+$)/g, ",");

  // Three digits, as Python's `.3g` has them of what is below a hundredth.
  function small(value) {
    const [digits, power] = value.toExponential(2).split("e-");
    return power > 4 ? `${Number(digits)}e-${power.padStart(2, "0")}` : String(Number(value.toPrecision(3)));
  }

  function inUnit(value, unit) {
    if (Number.isNaN(value)) return MISSING;
    if (!Number.isFinite(value)) return unit === "ratio" ? "×∞" : value > 0 ? "+∞" : "−∞";
    if (unit === "ratio") return `×${rounded(value, 3)}`;
    const text = fixed(value, 2);
    return text.startsWith("−") ? text : `+${text}`;
  }

  function effectText({ effect, low, high }, unit) {
    const interval = Number.isNaN(low) ? "" : ` [${inUnit(low, unit)}, ${inUnit(high, unit)}]`;
    return inUnit(effect, unit) + interval;
  }

  function valueText(value, unit) {
    if (Number.isNaN(value)) return MISSING;
    if (!Number.isFinite(value)) return "never";
    if (unit === "%") return `${fixed(value, 2)}%`;
    const size = Math.abs(value);
    if (size > 0 && size < 0.01) return `${small(value)} ${unit}`;
    return `${inThousands(fixed(value, size >= 100 ? 0 : size >= 10 ? 1 : 2))} ${unit}`;
  }

  function pText(value) {
    return Number.isNaN(value) ? MISSING : value < 0.001 ? "<0.001" : rounded(value, 3);
  }

  return { MISSING, effectText, valueText, pText };
})();
