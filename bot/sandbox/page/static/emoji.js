/** The emoji that the bot uses, by Slack's names; unknown names are shown as typed. */

export const EMOJI = {
  "+1": "👍", "-1": "👎", alarm_clock: "⏰", arrow_down: "⬇️", arrow_right: "➡️", arrow_up: "⬆️", bar_chart: "📊", bell: "🔔",
  bulb: "💡", calendar: "📆", chart_with_downwards_trend: "📉", chart_with_upwards_trend: "📈", clock1: "🕐", eyes: "👀",
  fire: "🔥", gear: "⚙️", heavy_check_mark: "✔️", hourglass: "⌛", hourglass_flowing_sand: "⏳", information_source: "ℹ️",
  large_blue_circle: "🔵", large_green_circle: "🟢", large_orange_circle: "🟠", large_red_circle: "🔴", large_yellow_circle: "🟡",
  link: "🔗", lock: "🔒", mag: "🔍", memo: "📝", money_with_wings: "💸", moneybag: "💰", no_bell: "🔕", no_entry: "⛔", octagonal_sign: "🛑",
  page_facing_up: "📄", pray: "🙏", question: "❓", robot_face: "🤖", rocket: "🚀", rotating_light: "🚨", shield: "🛡️", smile: "😄",
  sparkles: "✨", tada: "🎉", thumbsup: "👍", warning: "⚠️", wave: "👋", white_check_mark: "✅", x: "❌", zap: "⚡", zzz: "💤",
};
