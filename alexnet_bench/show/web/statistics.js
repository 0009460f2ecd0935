// What differences of pairs tell, and the ratios of two speeds: the same as alexnet_bench/stats, which says
// why each step is as it is. Functions of their arguments alone.
"use strict";
const statistics = (() => {
  const FEWEST_UNITS = 4, LEVEL = 0.05, POWER = 0.8, MOST_PAIRS_PREDICTED = 1000, FAR_OUT = 1000;
  const CLEARLY_STEADIER = 0.6, FEWEST_TELLING_ROUNDS = 6;

  // -- lists

  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const mean = (values) => sum(values) / values.length;
  const ascending = (values) => [...values].sort((one, other) => one - other);
  const negated = (values) => values.map((value) => -value);
  const less = (values, others) => values.map((value, index) => value - others[index]);
  const allFinite = (values) => values.every(Number.isFinite);

  // The items by their key.
  function grouped(items, key) {
    const found = new Map();
    for (const item of items) {
      if (!found.has(key(item))) found.set(key(item), []);
      found.get(key(item)).push(item);
    }
    return found;
  }

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

  // How likely noncentral t lies above a positive t: the normal's part, over what the deviation may be
  // estimated at.
  function noncentralAbove(t, freedom, noncentrality) {
    const half = freedom / 2, reach = 8 / Math.sqrt(freedom), steps = 100;
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
    const atMost = () => values.filter((value) => value <= bound).length;
    if (!allFinite(values)) return binomialBelow(atMost(), values.length);
    const room = mean(values) - bound, error = deviation(values, least) / Math.sqrt(values.length);
    if (error === 0) return room > 0 ? 0 : 1;
    return tAbove(room / error, values.length - 1);
  }

  // The mean or median with its 95% interval; under four values by itself.
  function estimate(values, least) {
    const [low, high] = values.length < FEWEST_UNITS ? [NaN, NaN] : interval(values, LEVEL, least);
    return { mean: centre(values), low, high };
  }

  const UNJUDGED = { verdict: "", effect: NaN, low: NaN, high: NaN, pairs: 0, pDifference: NaN,
    pEquivalence: NaN, family: 0 };

  // Of a family of arms, which share the level: each { values, better, margin, least, looks }.
  function verdicts(arms) {
    const isJudged = ({ values, looks }) => values.length >= Math.max(FEWEST_UNITS, looks[0] ?? 0);
    const family = arms.filter(isJudged).length;
    return arms.map((arm) => (isJudged(arm) ? judged(arm, family) : UNJUDGED));
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

  // The log ratios of arm to control: a list a draw, an entry a round. Draws are { run, draw, rounds, rates }.
  function pairedRounds(arm, control) {
    const halves = byDraw(arm, control, (arms, controls) => less(fasterHalf(arms), fasterHalf(controls)));
    if (halves.some((rounds) => rounds.length < FEWEST_TELLING_ROUNDS)) return halves;
    const middles = byDraw(arm, control, (arms, controls) => middleHalf(less(arms, controls)));
    return roundDeviation(middles) < CLEARLY_STEADIER * roundDeviation(halves) ? middles : halves;
  }

  // By how much each draw's log ratio over all slices differs from that of the faster halves.
  function slowerHalfGaps(arm, control) {
    const slower = (logs) => less(logs, fasterHalf(logs));
    return byDraw(arm, control, (arms, controls) => less(slower(arms), slower(controls))).map(mean);
  }

  // Draws are the units: those of the arm, or of the control where it was built less often.
  function byDraw(arm, control, entries) {
    const partners = grouped(slices(control), ({ round }) => round);
    const pairs = slices(arm).flatMap((one) => (partners.get(one.round) ?? []).map((other) => [one, other]));
    const built = (side) => new Set(pairs.map((pair) => pair[side].draw)).size;
    const unit = built(0) <= built(1) ? 0 : 1;
    const found = new Map();
    for (const both of grouped(pairs, ([one, other]) => `${one.draw} ${other.draw}`).values()) {
      const [arms, controls] = [0, 1].map((side) => both.map((pair) => Math.log(pair[side].rate)));
      const { draw } = both[0][unit];
      found.set(draw, [...(found.get(draw) ?? []), ...entries(arms, controls)]);
    }
    return [...found.values()];
  }

  // Those of two runs are never the same.
  function slices(draws) {
    return draws.flatMap(({ run, draw, rounds, rates }) => rates.map((rate, index) => (
      { round: JSON.stringify([run, rounds[index]]), draw: JSON.stringify([run, draw]), rate })));
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
    const telling = draws.filter((rounds) => rounds.length > 1);
    const variances = telling.map((rounds) => variance(rounds) / rounds.length);
    return variances.length ? Math.sqrt(mean(variances)) : 0;
  }

  return {
    FEWEST_UNITS, mean, grouped, estimate, verdicts, pairsWanted, pairedRounds, slowerHalfGaps, fasterHalf,
    roundDeviation,
  };
})();
