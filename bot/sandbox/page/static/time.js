/** Times as people read them, in the workspace's time zone. */

const DAY_MS = 86_400_000;
const FORMATS = {
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  date_short: { month: "short", day: "numeric", year: "numeric" },
  date: { month: "long", day: "numeric", year: "numeric" },
  date_long: { weekday: "long", month: "long", day: "numeric", year: "numeric" },
  divider: { weekday: "long", month: "long", day: "numeric" },
  clock: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
};
const formatters = new Map();

/** `Date` of a message's ts. */
export const dateOf = (ts) => new Date(Number.parseFloat(ts) * 1000);

export function formatDate(date, format, zone) {
  return formatter(format, zone).format(date);
}

/** The date in the time zone, such as 2026-03-02. */
export function dayOf(date, zone) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(date);
}

/** "Today", "Yesterday", "Tomorrow", or null. */
export function nearDay(date, now, zone) {
  const away = Math.round((Date.parse(dayOf(date, zone)) - Date.parse(dayOf(now, zone))) / DAY_MS);
  return { "-1": "Yesterday", 0: "Today", 1: "Tomorrow" }[away] ?? null;
}

export function divider(date, now, zone) {
  return nearDay(date, now, zone) ?? formatDate(date, "divider", zone);
}

/** Slack's `<!date^…>` format: its tokens filled in. Throws RangeError for an invalid time. */
export function dateFormat(format, seconds, now, zone) {
  const date = new Date(seconds * 1000);
  return format.replace(/\{(\w+)\}/g, (whole, token) => tokenText(token, date, now, zone) ?? whole);
}

/** "3 minutes ago", "in 2 hours". */
export function ago(date, now) {
  const seconds = (date - now) / 1000;
  const [unit, size] = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]].find(
    ([, each]) => Math.abs(seconds) >= each,
  ) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

function tokenText(token, date, now, zone) {
  if (token === "ago") return ago(date, now);
  if (token === "date_num") return dayOf(date, zone);
  const plain = token.replace("_pretty", "");
  if (!FORMATS[plain]) return null;
  const near = token === plain ? null : nearDay(date, now, zone);
  return near?.toLowerCase() ?? formatDate(date, plain, zone);
}

function formatter(format, zone) {
  const key = `${format} ${zone}`;
  if (!formatters.has(key)) {
    const locale = format === "clock" ? "en-GB" : "en-US";
    formatters.set(key, new Intl.DateTimeFormat(locale, { ...FORMATS[format], timeZone: zone }));
  }
  return formatters.get(key);
}
