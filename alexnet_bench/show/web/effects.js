// Effects and verdicts of a setting of the page's data: the same as alexnet_bench/analysis, which says why
// each step is as it is. Functions of their arguments alone.
"use strict";
const analysis = (() => {
  const { FEWEST_UNITS, mean, grouped, estimate } = statistics;
  const LEAST_GAP = 0.01;

  const ascending = (values) => [...values].sort((one, other) => one - other);
  const isNumber = (value) => !Number.isNaN(value);
  const isInfinite = (value) => Math.abs(value) === Infinity;
  // Ratios are averaged as logarithms.
  const asAveraged = (value, isRatio) => (isRatio ? Math.log(value) : value);
  const inUnit = (value, isRatio) => (isRatio ? Math.exp(value) : value);
  // What JSON has no number for is null, or a text.
  const toNumber = (value) => (value === null ? NaN : Number(value));

  // -- words (words.py)

  const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

  // Whole numbers, runs of three or more as a range.
  function listed(numbers) {
    const ranges = [];
    for (const value of ascending(new Set(numbers))) {
      const last = ranges.at(-1);
      if (last?.at(-1) === value - 1) last.push(value);
      else ranges.push([value]);
    }
    const written = (some) => (some.length > 2 ? `${some[0]}–${some.at(-1)}` : some.join(", "));
    return ranges.map(written).join(", ");
  }

  // -- effects (analysis/effect.py)

  const EMPTY = { values: [], controls: [], mean: NaN, low: NaN, high: NaN, control: NaN, arm: NaN, least: 0,
    reason: "", failed: [], atChance: "", unsteady: [], alone: "", notes: [] };

  // The effect over these pairs.
  function over(effect, values, controls, isRatio) {
    const isFinite = (value, index) => Number.isFinite(value) && Number.isFinite(values[index]);
    const finite = controls.filter(isFinite);
    const found = estimate(values, effect.least);
    const control = finite.length ? mean(finite) : Infinity;
    const sides = { control: inUnit(control, isRatio), arm: inUnit(control + found.mean, isRatio) };
    return { ...effect, ...found, ...sides, values, controls };
  }

  // Arm minus control, or over it, paired by seed; `names` are what the two are called.
  function seedEffect(names, arm, control, isRatio, least) {
    const sides = [bySeed(arm), bySeed(control)];
    const seeds = ascending(sides[0].keys()).filter((seed) => sides[1].has(seed));
    const failed = failures(arm, control);
    const blank = { ...EMPTY, least, failed, alone: alone(...sides, [...arm, ...control]) };
    if (!seeds.length) return { ...blank, reason: "no seed of both sides has a value" };
    const [arms, controls] = sides.map((side) => seeds.map((seed) => asAveraged(side.get(seed), isRatio)));
    // Where neither side got there, they do not differ.
    const isNeither = arms.map((value, index) => isInfinite(value) && isInfinite(controls[index]));
    const values = arms.map((value, index) => (isNeither[index] ? 0 : value - controls[index]));
    const neither = isNeither.filter(Boolean).length;
    if (neither) failed.push(`neither side got there in ${counted(neither, "pair")}`);
    const notes = isRatio ? never(names, arms, controls) : [];
    return over({ ...blank, notes }, values, controls, isRatio);
  }

  // How many seeds of each side never got to where epochs are counted to.
  function never([arm, control], arms, controls) {
    const told = [[control, controls], [arm, arms]].flatMap(([name, logs]) => {
      const count = logs.filter(isInfinite).length;
      return count ? [`${counted(count, "seed")} of ${name}`] : [];
    });
    return told.length ? [`never reached by ${told.join(" and ")}; the effect is the median`] : [];
  }

  // A seed that several runs trained counts once, with its mean.
  function bySeed(trials) {
    const measured = grouped(trials.filter(({ value }) => isNumber(value)), ({ seed }) => seed);
    return new Map([...measured].map(([seed, some]) => [seed, mean(some.map(({ value }) => value))]));
  }

  function alone(arm, control, trials) {
    const failed = new Set(trials.filter((trial) => trial.failed).map(({ seed }) => seed));
    const seeds = [...arm.keys(), ...control.keys()].filter((seed) => arm.has(seed) !== control.has(seed));
    const lacking = seeds.filter((seed) => !failed.has(seed));
    return lacking.length ? `only one side has seed ${listed(lacking)}` : "";
  }

  const failures = (...sides) => [...new Set(sides.flat().flatMap(({ failed }) => failed ?? []))];

  // Arm over control, from slices of the same rounds.
  function speedEffect(arm, control) {
    const blank = { ...EMPTY, failed: failures(arm, control),
      unsteady: [...new Set([...arm, ...control].flatMap(({ unsteady }) => unsteady ?? []))] };
    const [arms, controls] = [arm, control].map((side) => side.filter(({ rates }) => rates?.length));
    const rounds = statistics.pairedRounds(arms, controls);
    if (!rounds.length) {
      return { ...blank, reason: arm.length && control.length ? "no round timed both sides" : "" };
    }
    const values = rounds.map(mean), least = statistics.roundDeviation(rounds);
    const found = estimate(values, least), speed = typicalSpeed(controls);
    const sides = { control: speed, arm: speed * Math.exp(found.mean) };
    return { ...blank, ...found, ...sides, values, least, notes: slowerHalf(arms, controls) };
  }

  // A warning where the slower half of slices tells of another ratio.
  function slowerHalf(arm, control) {
    const found = estimate(statistics.slowerHalfGaps(arm, control), 0);
    const isClear = found.low > 0 || found.high < 0;
    if (!isClear || Math.abs(found.mean) < LEAST_GAP) return [];
    const change = (100 * Math.expm1(found.mean)).toFixed(1), sign = found.mean > 0 ? "+" : "";
    return [`over all slices the ratio is ${sign}${change}% from that of the faster halves`];
  }

  function typicalSpeed(draws) {
    return Math.exp(mean(draws.map(({ rates }) => mean(statistics.fasterHalf(rates.map(Math.log))))));
  }

  function kindOf({ values, unsteady, failed }) {
    if (!values.length) return unsteady.length ? "not steady" : "not measured";
    if (values.length < FEWEST_UNITS) return "descriptive";
    return failed.length ? "incomplete" : "interval";
  }

  // -- records of a setting

  // Of a variant: its draws in the measure's mode, or its trials, each with its value.
  function recordsOf(setting, variant, measure) {
    const records = setting.variants[variant]?.records ?? [], { mode } = setting.measures[measure];
    if (mode !== null) return records.filter((draw) => draw.mode === mode);
    const valueOf = ({ values }) => (values ? toNumber(values[measure]) : NaN);
    return records.map((trial) => ({ ...trial, value: valueOf(trial) }));
  }

  function valuesOf(setting, variant, measure) {
    return recordsOf(setting, variant, measure).map(({ value }) => value).filter(isNumber);
  }

  // The variants that can be arms against a control, in a measure.
  function armsOf(setting, control, measure) {
    const { itself } = setting.controls[control], { mode } = setting.measures[measure];
    const isArm = (name) => name !== control && !itself.includes(name);
    const isMeasured = (name) => mode === null || recordsOf(setting, name, measure).length > 0;
    return Object.keys(setting.variants).filter((name) => isArm(name) && isMeasured(name));
  }

  // Whether verdicts are given: on throughputs, and on the first error that one of the variants has.
  function isJudged(setting, variants, measure) {
    const { headline, mode } = setting.measures[measure];
    if (mode !== null) return true;
    const has = (index) => variants.some((name) => valuesOf(setting, name, index).length);
    const before = setting.measures.slice(0, measure);
    return headline && !before.some((other, index) => other.headline && has(index));
  }

  // -- the arms of a setting (analysis/effects.py)

  // The effects of arms on a measure, which is given by its place, with the verdicts that they earn. A margin
  // is in the effect's unit, of a ratio the share; null is the planned one.
  function effects(setting, { control, measure, arms, margin }) {
    const { refused, margins } = setting.controls[control];
    const held = { margin: margin ?? toNumber(margins[measure]), looks: [] };
    const rows = armsOf(setting, control, measure).filter((arm) => arms.includes(arm)).map((arm) => (
      Object.hasOwn(refused, arm)
        ? { ...nothing("not comparable", refused[arm]), arm }
        : { ...held, ...measured(setting, control, arm, measure), arm }));
    return judged(setting, control, measure, rows);
  }

  const nothing = (kind, reason) => ({ kind, margin: NaN, looks: [], effect: { ...EMPTY, reason } });

  function measured(setting, control, arm, measure) {
    const [arms, controls] = [arm, control].map((name) => recordsOf(setting, name, measure));
    const { unit, mode, headline } = setting.measures[measure];
    const { unlearned, least } = setting.controls[control];
    if (mode !== null) {
      const effect = speedEffect(arms, controls);
      return { effect, kind: kindOf(effect) };
    }
    if (unlearned) return nothing("not measured", unlearned);
    const looks = looksOf(setting, [...arms, ...controls]);
    // An arm that has its verdict gets no more seeds; what becomes of the control's is not its concern.
    const last = looks.length ? Math.max(...arms.map(({ seed }) => seed)) : Infinity;
    const until = controls.filter(({ seed }) => seed <= last);
    const effect = seedEffect([arm, control], arms, until, unit === "ratio", least[measure]);
    if (headline) effect.atChance = atChance(setting, [[control, until], [arm, arms]], measure);
    return { effect, looks, kind: kindOf(effect) };
  }

  // The looks that were planned; of several runs the most.
  function looksOf(setting, trials) {
    const planned = ascending(new Set(trials.map(({ run }) => run))).map((run) => setting.looks[run]);
    return planned.reduce((most, looks) => (looks.length > most.length ? looks : most), []);
  }

  // The seeds whose error is no better than a guess's, of each side: its name with its trials.
  function atChance(setting, sides, measure) {
    const { scale } = setting.measures[measure];
    const isHopeless = ({ value }) => isNumber(value) && !(value / scale < setting.learned);
    const named = sides.flatMap(([name, trials]) => {
      const seeds = listed(trials.filter(isHopeless).map(({ seed }) => seed));
      return seeds ? [`${name} (seed ${seeds})`] : [];
    });
    return named.length ? `did not learn: ${named.join(", ")}` : "";
  }

  // -- verdicts (analysis/judging.py)

  // The arms of a question share the error rate; the control's twin is no arm, and takes no share.
  function judged(setting, control, measure, rows) {
    const { unit, better } = setting.measures[measure], isRatio = unit === "ratio";
    const held = rows.filter(({ kind }) => kind !== "not comparable").map(({ arm }) => arm);
    const isTold = isJudged(setting, [control, ...held], measure);
    const networks = (name) => JSON.stringify(setting.variants[name]?.networks ?? []);
    const isSame = ({ arm }) => networks(arm) === networks(control);
    const { variants } = setting;
    const family = (row) => JSON.stringify([variants[row.arm].ablation, isSame(row), isTold || row.arm]);
    const found = new Map();
    for (const some of grouped(rows.filter(({ kind }) => kind === "interval"), family).values()) {
      const arms = some.map(({ effect: { values, least }, looks, margin }) => (
        { values, least, looks, better, margin: isRatio ? Math.log1p(margin) : margin }));
      statistics.verdicts(arms).forEach((verdict, index) => {
        const { pDifference, pEquivalence } = verdict;
        const row = some[index], isJudgedYet = isTold && verdict.verdict;
        const told = isJudgedYet ? asTold(row.effect, arms[index], verdict, isRatio) : {};
        found.set(row, { pDifference, pEquivalence, ...told });
      });
    }
    return rows.map((row) => ({ ...asRow(row, isRatio), sameNetwork: isSame(row), ...found.get(row) }));
  }

  function asRow({ arm, kind, margin, looks, effect }, isRatio) {
    const { reason, failed, atChance, unsteady, alone } = effect;
    const left = unsteady.length ? `without a steady state, and left out: ${unsteady.join(", ")}` : "";
    return {
      arm, kind, margin, looks,
      effect: inUnit(effect.mean, isRatio),
      low: inUnit(effect.low, isRatio),
      high: inUnit(effect.high, isRatio),
      pairs: effect.values.length,
      controlValue: effect.control,
      armValue: effect.arm,
      verdict: "",
      pDifference: NaN,
      pEquivalence: NaN,
      pairsWanted: null,
      notes: [reason, ...failed, atChance, left, alone, ...effect.notes].filter(Boolean),
    };
  }

  // What a verdict changes in a row: all is as it was when it fell, with the interval that decided it.
  function asTold(effect, arm, { verdict, effect: size, low, high, pairs, family }, isRatio) {
    const isEarlier = pairs < effect.values.length;
    const then = isEarlier
      ? over(effect, effect.values.slice(0, pairs), effect.controls.slice(0, pairs), isRatio) : effect;
    return {
      verdict, pairs,
      effect: inUnit(size, isRatio),
      low: inUnit(low, isRatio),
      high: inUnit(high, isRatio),
      controlValue: then.control,
      armValue: then.arm,
      pairsWanted: verdict === "inconclusive" ? statistics.pairsWanted(arm, family) : null,
    };
  }

  return { effects, armsOf, isJudged };
})();
