// Round numbers and dates for the axes of maps.

// The least of 1, 2 or 5 times a power of ten that is no smaller.
function round_step(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find((v) => v * power >= rough) * power;
}

// Round numbers in [low, high], about `count` of them, each with its words.
function ticks(low, high, count) {
  const step = round_step((high - low) / Math.max(count, 1));
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high && found.length < 40; i++) found.push(i * step);
  return found.map((value) => [value, String(Number(value.toPrecision(12)))]);
}

const DAY = 864e5, MONTH = 30.44, YEAR = 365.24; // ms, days, days
const SHORT = [1 / 1440, 1 / 288, 1 / 96, 1 / 48, 1 / 24, 1 / 8, 1 / 4, 1 / 2, 1, 2, 7, 14]; // days

// The same of dates, in days since 1970-01-01: years, months, days or times of day.
function date_ticks(low, high, count) {
  const rough = (high - low) / Math.max(count, 1), found = [];
  // To the next millisecond: a minute that falls short of it would be named by the one before. Without
  // the sign and zeros before a year of five digits or more.
  const iso = (day) => {
    try { return new Date(Math.round(day * DAY)).toISOString().replace(/^\+0*/, ""); } catch { return ""; }
  };
  if (rough <= 14) {
    const step = SHORT.find((days) => days >= rough) ?? 14;
    for (let i = Math.ceil(low / step); i * step <= high && found.length < 40; i++) {
      const words = iso(Math.round(i * step * 1440) / 1440);
      found.push([i * step, step < 1 ? words.slice(0, -8).replace("T", " ") : words.split("T")[0]]);
    }
    return found;
  }
  const months = rough <= 6 * MONTH ? [1, 2, 3, 6].find((m) => m * MONTH >= rough)
    : 12 * Math.max(1, round_step(rough / YEAR));
  const start = new Date(low * DAY), first = 12 * start.getUTCFullYear() + start.getUTCMonth();
  for (let at = Math.ceil(first / months) * months; found.length < 40; at += months) {
    const moment = new Date(0);
    moment.setUTCFullYear(Math.floor(at / 12), ((at % 12) + 12) % 12, 1);
    const day = moment / DAY;
    if (!(day <= high)) break;
    if (day >= low) found.push([day, iso(day).split("T")[0].slice(0, months < 12 ? -3 : -6)]);
  }
  return found;
}
