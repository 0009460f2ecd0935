// Effects and verdicts from the page's data, the same as Python's: `analysis/effect.py`, `analysis/judging.py` and
// `stats/` say why each step is as it is. Functions of their arguments alone; no document.
"use strict";
const statistics = (() => {
  const FEWEST_UNITS = 4, LEVEL = 0.05, POWER = 0.8, MOST_PAIRS_PREDICTED = 1000, FAR_OUT = 1000;
  const CLEARLY_STEADIER = 0.6, FEWEST_TELLING_ROUNDS = 6;

  // -- numbers

  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const mean = (values) => sum(values) / values.length;
  const ascending = (values) => [...values].sort((one, other) => one - other);
  const negated = (values) => values.map((value) => -value);
  const allFinite = (values) => values.every(Number.isFinite);

  function variance(values) {
    const middle = mean(values);
    return sum(values.map((value) => (value - middle) ** 2)) / (values.length - 1);
  }

  function deviation(values, least) {
    return Math.max(new Set(values).size === 1 ? 0 : Math.sqrt(variance(values)), least);
  }

  function median(values) {
    const ordered = ascending(values), half = values.length >> 1;
    const low = ordered[values.length - 1 - half], high = ordered[half];
    return low === high ? low : (low + high) / 2;
  }

  // -- distributions

  // Lanczos, with g = 7.
  function logGamma(x) {
    const terms = [
      676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
      -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ];
    const series = terms.reduce((total, term, index) => total + term / (x + index), 0.99999999999980993);
    const far = x + 6.5;
    return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(far) - far + Math.log(series);
  }

  // The regularized incomplete beta function at x = 1 - y, by its continued fraction (modified Lentz).
  function incompleteBeta(a, b, x, y) {
    if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, y, x);
    if (x === 0) return 0;
    const whole = (value) => (Math.abs(value) < 1e-300 ? 1e-300 : value);
    let above = 1, below = 1 / whole(1 - ((a + b) * x) / (a + 1)), fraction = below;
    for (let m = 1; m < 10000; m++) {
      let change = 1;
      for (const term of [
        (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
        (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
      ]) {
        below = 1 / whole(1 + term * below);
        above = whole(1 + term / above);
        change = above * below;
        fraction *= change;
      }
      if (Math.abs(change - 1) < 1e-15) break;
    }
    const log = a * Math.log(x) + b * Math.log(y) + logGamma(a + b) - logGamma(a) - logGamma(b);
    return (Math.exp(log) * fraction) / a;
  }

  // How likely Student's t lies above t.
  function tAbove(t, freedom) {
    if (t < 0) return 1 - tAbove(-t, freedom);
    const all = freedom + t * t;
    return Number.isFinite(all) ? incompleteBeta(freedom / 2, 0.5, freedom / all, (t * t) / all) / 2 : 0;
  }

  // The t above which Student's lies with a probability of at most a half.
  function tQuantile(level, freedom) {
    let low = 0, high = 1;
    while (tAbove(high, freedom) > level) [low, high] = [high, 2 * high];
    for (;;) {
      const middle = (low + high) / 2;
      if (middle <= low || middle >= high) return middle;
      if (tAbove(middle, freedom) > level) low = middle;
      else high = middle;
    }
  }

  // How likely at most so many of n fair coins show heads.
  function binomialBelow(count, n) {
    let term = 0.5 ** n, total = 0;
    for (let heads = 0; heads <= count; heads++) {
      total += term;
      term *= (n - heads) / (heads + 1);
    }
    return Math.min(total, 1);
  }

  // Marsaglia's series.
  function normalBelow(x) {
    if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
    let term = x, total = x;
    for (let n = 3; Math.abs(term) > 1e-17; n += 2) total += term *= (x * x) / n;
    return 0.5 + (total * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
  }

  // How likely noncentral t lies above a positive t: over the deviation that was estimated, by the midpoint rule.
  function noncentralAbove(t, freedom, noncentrality) {
    const half = freedom / 2, reach = 8 / Math.sqrt(freedom), steps = 400;
    const low = Math.max(0, 1 - reach), step = (1 + reach - low) / steps;
    const constant = Math.log(2) + half * Math.log(half) - logGamma(half);
    let total = 0;
    for (let index = 0; index < steps; index++) {
      const s = low + (index + 0.5) * step;
      const density = Math.exp(constant + (freedom - 1) * Math.log(s) - half * s * s);
      total += density * normalBelow(noncentrality - t * s) * step;
    }
    return total;
  }

  // -- what differences tell (stats/paired.py, stats/verdict.py)

  function centre(values) {
    return allFinite(values) ? mean(values) : median(values);
  }

  function interval(values, level, least) {
    if (!allFinite(values)) return signInterval(values, level);
    const middle = mean(values), error = deviation(values, least) / Math.sqrt(values.length);
    const width = error ? tQuantile(level / 2, values.length - 1) * error : 0;
    return [middle - width, middle + width];
  }

  function signInterval(values, level) {
    const ordered = ascending(values), size = values.length;
    let leftOut = 0;
    while (leftOut < size && binomialBelow(leftOut, size) <= level / 2) leftOut++;
    return leftOut ? [ordered[leftOut - 1], ordered[size - leftOut]] : [-Infinity, Infinity];
  }

  // One-sided p-value of "the centre is at most `bound`".
  function pAbove(values, bound, least) {
    if (!allFinite(values)) return binomialBelow(values.filter((value) => value <= bound).length, values.length);
    const room = mean(values) - bound, error = deviation(values, least) / Math.sqrt(values.length);
    if (error === 0) return room > 0 ? 0 : 1;
    return tAbove(room / error, values.length - 1);
  }

  // The mean or median with its 95% interval; under four values by itself.
  function estimate(values, least) {
    const [low, high] = values.length < FEWEST_UNITS ? [NaN, NaN] : interval(values, LEVEL, least);
    return { mean: centre(values), low, high };
  }

  // Of a family of arms: { values, better, margin, least, looks }.
  function verdicts(arms) {
    const isJudged = (arm) => arm.values.length >= Math.max(FEWEST_UNITS, ...arm.looks.slice(0, 1));
    const family = arms.filter(isJudged).length;
    return arms.map((arm) => (isJudged(arm) ? judged(arm, family) : { verdict: "", effect: NaN, low: NaN, high: NaN,
      pairs: 0, pDifference: NaN, pEquivalence: NaN, family: 0 }));
  }

  function judged(arm, family) {
    const { least, margin } = arm, shares = family * Math.max(1, arm.looks.length);
    let values, verdict, low, high;
    for (values of atLooks(arm)) {
      [low, high] = interval(values, LEVEL / shares, least);
      verdict = word(arm, low, high, interval(values, (2 * LEVEL) / shares, least));
      if (verdict !== "inconclusive") break;
    }
    const opposite = negated(values);
    const different = 2 * Math.min(pAbove(values, 0, least), pAbove(opposite, 0, least));
    const alike = Math.max(pAbove(values, -margin, least), pAbove(opposite, -margin, least));
    return {
      verdict, low, high, family,
      effect: centre(values),
      pairs: values.length,
      pDifference: Math.min(shares * different, 1),
      pEquivalence: Number.isNaN(margin) ? NaN : Math.min(shares * alike, 1),
    };
  }

  // The values that there were at each look that was reached; without looks, all of them.
  function atLooks({ values, looks }) {
    if (!looks.length) return [values];
    const planned = looks.map((look) => Math.max(look, FEWEST_UNITS));
    return planned.filter((look) => look <= values.length).map((look) => values.slice(0, look));
  }

  function word({ margin, better }, low, high, [innerLow, innerHigh]) {
    if (-margin < innerLow && innerHigh < margin) return "equivalent";
    if (low > 0 || high < 0) return (low > 0) === (better === "higher") ? "better" : "worse";
    return "inconclusive";
  }

  // Pairs that would bring an inconclusive arm a verdict four times in five; null where that cannot be said.
  function pairsWanted({ values, margin, least, looks }, family) {
    const spread = allFinite(values) ? deviation(values, least) : 0;
    if (spread === 0) return null;
    const away = Math.abs(centre(values)), share = LEVEL / (family * Math.max(1, looks.length));
    const needed = [
      pairsToFind(away / spread, share / 2, POWER),
      pairsToFind((margin - away) / spread, share, 1 - (1 - POWER) / 2),
    ].filter((pairs) => pairs !== null);
    return needed.length ? Math.max(Math.min(...needed), values.length + 1) : null;
  }

  function pairsToFind(size, level, power) {
    if (!(size > 0)) return null;
    let low = FEWEST_UNITS, high = MOST_PAIRS_PREDICTED + 1;
    while (low < high) {
      const pairs = (low + high) >> 1, noncentrality = Math.min(size * Math.sqrt(pairs), FAR_OUT);
      if (noncentralAbove(tQuantile(level, pairs - 1), pairs - 1, noncentrality) >= power) high = pairs;
      else low = pairs + 1;
    }
    return low <= MOST_PAIRS_PREDICTED ? low : null;
  }

  // -- rounds (stats/rounds.py)

  // The log ratios of arm to control: a list a draw, an entry a round.
  function pairedRounds(arm, control) {
    const halves = byDraw(arm, control, (arms, controls) => {
      const slower = fasterHalf(controls);
      return fasterHalf(arms).map((value, index) => value - slower[index]);
    });
    if (halves.some((rounds) => rounds.length < FEWEST_TELLING_ROUNDS)) return halves;
    const middles = byDraw(arm, control, (arms, controls) => middleHalf(arms.map((value, index) => value - controls[index])));
    return roundDeviation(middles) < CLEARLY_STEADIER * roundDeviation(halves) ? middles : halves;
  }

  // Draws are the units: those of the arm, or of the control where it was built less often.
  function byDraw(arm, control, entries) {
    const partners = new Map(), together = new Map();
    for (const [round, draw, rate] of slices(control)) {
      partners.set(round, [...(partners.get(round) ?? []), [draw, rate]]);
    }
    for (const [round, armDraw, rate] of slices(arm)) {
      for (const [controlDraw, controlRate] of partners.get(round) ?? []) {
        const key = JSON.stringify([armDraw, controlDraw]);
        const both = together.get(key) ?? { draws: [armDraw, controlDraw], arms: [], controls: [] };
        both.arms.push(Math.log(rate));
        both.controls.push(Math.log(controlRate));
        together.set(key, both);
      }
    }
    const count = (side) => new Set([...together.values()].map(({ draws }) => draws[side])).size;
    const unit = count(0) <= count(1) ? 0 : 1, found = new Map();
    for (const { draws, arms, controls } of together.values()) {
      found.set(draws[unit], [...(found.get(draws[unit]) ?? []), ...entries(arms, controls)]);
    }
    return [...found.values()];
  }

  // Round, draw and rate of each slice. Those of two runs are never the same.
  function slices(draws) {
    return draws.flatMap(({ run, draw, rounds, rates }) =>
      rates.map((rate, index) => [JSON.stringify([run, rounds[index]]), JSON.stringify([run, draw]), rate]));
  }

  function fasterHalf(logs) {
    const middle = median(logs);
    return logs.map((log) => middle + 2 * Math.max(log - middle, 0));
  }

  function middleHalf(logs) {
    const cut = logs.length >> 2, kept = ascending(logs).slice(cut, logs.length - cut);
    const within = logs.map((log) => Math.min(Math.max(log, kept[0]), kept[kept.length - 1]));
    const middle = mean(within), of = mean(kept);
    return within.map((log) => of + ((log - middle) * logs.length) / kept.length);
  }

  function roundDeviation(draws) {
    const variances = draws.filter((rounds) => rounds.length > 1).map((rounds) => variance(rounds) / rounds.length);
    return variances.length ? Math.sqrt(mean(variances)) : 0;
  }

  // -- effects (analysis/effect.py): { values, controls, mean, low, high, control, arm, least, failed, notes }

  const EMPTY = { values: [], controls: [], mean: NaN, low: NaN, high: NaN, control: NaN, arm: NaN, least: 0,
    failed: [], unsteady: [], notes: [] };
  const inUnit = (value, isRatio) => (isRatio ? Math.exp(value) : value);

  // The effect over these pairs.
  function over(effect, values, controls, isRatio) {
    const finite = controls.filter((value, index) => Number.isFinite(value) && Number.isFinite(values[index]));
    const found = estimate(values, effect.least), control = finite.length ? mean(finite) : Infinity;
    return { ...effect, ...found, values, controls, control: inUnit(control, isRatio), arm: inUnit(control + found.mean, isRatio) };
  }

  // Arm minus control or, of ratios, over it, paired by seed. Trials are { seed, value } or { seed, failed }.
  function seedEffect(arm, control, isRatio, least) {
    const [ours, theirs] = [bySeed(arm), bySeed(control)];
    const seeds = ascending([...ours.keys()].filter((seed) => theirs.has(seed)));
    const blank = { ...EMPTY, least, failed: failures(arm, control), notes: alone(ours, theirs, [...arm, ...control]) };
    if (!seeds.length) return { ...blank, notes: ["no seed of both sides has a value", ...blank.notes] };
    const [treated, untreated] = [ours, theirs].map((side) =>
      seeds.map((seed) => (isRatio ? Math.log(side.get(seed)) : side.get(seed))));
    // Where neither side got there, they do not differ.
    const values = treated.map((value, index) => (Math.abs(value) === Infinity && Math.abs(untreated[index]) === Infinity ? 0 : value - untreated[index]));
    const neither = treated.filter((value, index) => Math.abs(value) === Infinity && Math.abs(untreated[index]) === Infinity).length;
    if (neither) blank.failed = [...blank.failed, `neither side got there in ${neither} ${neither === 1 ? "pair" : "pairs"}`];
    return over(blank, values, untreated, isRatio);
  }

  function bySeed(trials) {
    const found = new Map();
    for (const { seed, value } of trials.filter(({ value }) => !Number.isNaN(value))) {
      found.set(seed, [...(found.get(seed) ?? []), value]);
    }
    return new Map([...found].map(([seed, values]) => [seed, mean(values)]));
  }

  function alone(arm, control, trials) {
    const failed = new Set(trials.filter((trial) => trial.failed).map(({ seed }) => seed));
    const seeds = [...arm.keys(), ...control.keys()].filter((seed) => arm.has(seed) !== control.has(seed) && !failed.has(seed));
    return seeds.length ? [`only one side has seed ${ascending(seeds).join(", ")}`] : [];
  }

  const failures = (...sides) => [...new Set(sides.flat().flatMap(({ failed }) => failed ?? []))];

  // Arm over control, from slices of the same rounds.
  function speedEffect(arm, control) {
    const unsteady = [arm, control].flat().flatMap((draw) => draw.unsteady ?? []);
    const blank = { ...EMPTY, failed: failures(arm, control), unsteady };
    const counting = (draws) => draws.filter(({ rates }) => rates?.length);
    const rounds = pairedRounds(counting(arm), counting(control));
    if (!rounds.length) return arm.length && control.length ? { ...blank, notes: ["no round timed both sides"] } : blank;
    const values = rounds.map(mean), least = roundDeviation(rounds), found = estimate(values, least);
    const speed = Math.exp(mean(counting(control).map(({ rates }) => mean(fasterHalf(rates.map(Math.log))))));
    return { ...blank, ...found, values, least, control: speed, arm: speed * Math.exp(found.mean) };
  }

  function kindOf(effect) {
    if (!effect.values.length) return effect.unsteady.length ? "not steady" : "not measured";
    if (effect.values.length < FEWEST_UNITS) return "descriptive";
    return effect.failed.length ? "incomplete" : "interval";
  }

  // -- settings

  // The variants that can be held against a control in one measure.
  function armsOf(setting, control, measure) {
    const { itself } = setting.controls[control], { mode } = setting.measures[measure];
    return Object.keys(setting.variants).filter((name) => name !== control && !itself.includes(name)
      && (mode === null || of(setting, name, measure).length));
  }

  // A variant's records: of draws those of the measure's mode, of trials each with its value.
  function of(setting, variant, measure) {
    const records = setting.variants[variant]?.records ?? [], { mode } = setting.measures[measure];
    if (mode !== null) return records.filter((draw) => draw.mode === mode);
    return records.map(({ run, seed, failed, values }) => ({ run, seed, failed, value: failed ? NaN : toNumber(values[measure]) }));
  }

  // What JSON has no number for stands as text, or is null.
  const toNumber = (value) => (value === null ? NaN : Number(value));

  // Whether verdicts are given on a measure: on throughput, and on the first error that one of the variants has.
  function isJudged(setting, variants, measure) {
    const has = (index) => variants.some((name) => of(setting, name, index).some(({ value }) => !Number.isNaN(value)));
    if (!setting.measures[measure].headline || setting.measures[measure].mode !== null) return setting.measures[measure].headline;
    const first = setting.measures.findIndex(({ headline }, index) => headline && has(index));
    return measure === Math.max(first, 0);
  }

  // Whether the control's errors are below what a guess's would be; true where it has none.
  function learned(setting, control) {
    for (const [index, { headline, scale }] of setting.measures.entries()) {
      const values = of(setting, control, index).map(({ value }) => value).filter((value) => !Number.isNaN(value));
      if (headline && values.length) return mean(values) / scale < setting.learned;
    }
    return true;
  }

  // The effects of arms against a control in one measure (its place among the setting's), with what they earn.
  // A margin is in the measure's unit, of a ratio the share; without one the planned one holds.
  function effects(setting, { control, measure, arms, margin = null }) {
    const { refused, margins } = setting.controls[control];
    const variants = armsOf(setting, control, measure).filter((name) => arms.includes(name));
    const planned = margin === null ? toNumber(margins[measure]) : margin;
    const rows = variants.map((arm) => (refused[arm]
      ? { arm, kind: "not comparable", margin: NaN, looks: [], effect: { ...EMPTY, notes: [refused[arm]] } }
      : { arm, margin: planned, ...measured(setting, control, arm, measure) }));
    return judgedRows(setting, control, measure, rows);
  }

  function measured(setting, control, arm, measure) {
    const { unit, mode } = setting.measures[measure], treated = of(setting, arm, measure);
    let controls = of(setting, control, measure), looks = [];
    if (mode !== null) {
      const effect = speedEffect(treated, controls);
      return { effect, looks, kind: kindOf(effect) };
    }
    if (!learned(setting, control)) {
      return { effect: { ...EMPTY, notes: [`the control ${control} did not learn`] }, margin: NaN, looks, kind: "not measured" };
    }
    for (const run of ascending([...new Set([...treated, ...controls].map((trial) => trial.run))])) {
      if (setting.looks[run].length > looks.length) looks = setting.looks[run];
    }
    // An arm that has its verdict gets no more seeds; what becomes of the control's is not its concern.
    const last = Math.max(...treated.map(({ seed }) => seed));
    if (looks.length) controls = controls.filter(({ seed }) => seed <= last);
    const effect = seedEffect(treated, controls, unit === "ratio", setting.controls[control].least[measure]);
    return { effect, looks, kind: kindOf(effect) };
  }

  // The arms of a question share the error rate; the control's twin is no arm, and takes no share.
  function judgedRows(setting, control, measure, rows) {
    const { unit, better } = setting.measures[measure], isRatio = unit === "ratio";
    const told = isJudged(setting, [control, ...rows.filter(({ arm }) => !setting.controls[control].refused[arm]).map(({ arm }) => arm)], measure);
    const networks = (name) => JSON.stringify(setting.variants[name]?.networks ?? []);
    const families = new Map();
    for (const row of rows) {
      row.sameNetwork = networks(row.arm) === networks(control);
      if (row.kind !== "interval") continue;
      const key = JSON.stringify([setting.variants[row.arm].ablation, row.sameNetwork, told ? "" : row.arm]);
      families.set(key, [...(families.get(key) ?? []), row]);
    }
    const found = new Map();
    for (const family of families.values()) {
      const judgedOf = verdicts(family.map((row) => armOf(row, better, isRatio)));
      family.forEach((row, index) => found.set(row, judgedOf[index]));
    }
    return rows.map((row) => shown(row, found.get(row), told, better, isRatio));
  }

  const armOf = ({ effect, margin, looks }, better, isRatio) => ({ values: effect.values, better, looks, least: effect.least,
    margin: isRatio ? Math.log1p(margin) : margin });

  // A row as it was when its verdict fell, with the interval that decided it.
  function shown({ arm, kind, margin, looks, effect, sameNetwork }, found, told, better, isRatio) {
    const isTold = told && Boolean(found?.verdict);
    const at = isTold && found.pairs < effect.values.length
      ? over(effect, effect.values.slice(0, found.pairs), effect.controls.slice(0, found.pairs), isRatio) : effect;
    const size = isTold ? found : { effect: at.mean, low: at.low, high: at.high, verdict: "", family: 0 };
    return {
      arm, kind, margin, looks, sameNetwork,
      effect: inUnit(size.effect, isRatio),
      low: inUnit(size.low, isRatio),
      high: inUnit(size.high, isRatio),
      pairs: isTold ? found.pairs : at.values.length,
      controlValue: at.control,
      armValue: at.arm,
      verdict: size.verdict,
      pDifference: found?.pDifference ?? NaN,
      pEquivalence: found?.pEquivalence ?? NaN,
      pairsWanted: size.verdict === "inconclusive"
        ? pairsWanted(armOf({ effect, margin, looks }, better, isRatio), found.family) : null,
      family: size.family,
      notes: [...effect.notes, ...effect.failed, ...(effect.unsteady.length ? [`without a steady state, and left out: ${effect.unsteady.join(", ")}`] : [])],
    };
  }

  return { effects, armsOf };
})();
