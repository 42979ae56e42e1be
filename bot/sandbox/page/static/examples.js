/** Example commands, offered by the message box and in empty conversations. */

export const EXAMPLES = [
  { text: "/neo-usage", hint: "My month so far" },
  { text: "/neo-usage team last week by:member", hint: "Who spent what last week" },
  { text: "/neo-usage team 14d by:day", hint: "14 days, with a chart" },
  { text: "/neo-usage team 7d rows top:10", hint: "The 10 most expensive tasks" },
  { text: "/neo-usage 14d by:day", hint: "My days, with a chart" },
  { text: "/neo-usage @priya 30d by:model status:error,failed", hint: "What failed, by model" },
  { text: "/neo-usage last month by:week csv", hint: "Last month as a file" },
  { text: "/neo-usage budget @priya 1000/month", hint: "Set a budget for one person" },
  { text: "/neo-usage budget default 800/month", hint: "Set a budget for everyone else" },
  { text: "/neo-usage budgets", hint: "Budgets, spend, and forecast" },
  { text: '/neo-usage budget request 1500/month reason:"new client"', hint: "Ask for a higher budget" },
  { text: "/neo-usage errors team 7d", hint: "What failed, why, and what it cost" },
  { text: "/neo-usage notify errors on", hint: "Get a DM when a task of mine fails" },
  { text: "/neo-usage digest", hint: "Preview the daily digest" },
  { text: "/neo-usage explain", hint: "Why I did or didn't get an alert" },
  { text: "/neo-usage status", hint: "How fresh the data is" },
  { text: "/neo-usage help", hint: "Help" },
];

const STARTERS = {
  operator: ["/neo-usage team last week by:member", "/neo-usage team 14d by:day", "/neo-usage team 7d rows top:10"],
  member: ["/neo-usage", "/neo-usage 7d by:model", "/neo-usage 14d by:day"],
};

/** Three commands to start with, `[{text, hint}]`. */
export function starterExamples(role) {
  const hints = new Map([...EXAMPLES, { text: "/neo-usage 7d by:model", hint: "My week, by model" }].map(({ text, hint }) => [text, hint]));
  return (STARTERS[role] ?? STARTERS.member).map((text) => ({ text, hint: hints.get(text) ?? "" }));
}
