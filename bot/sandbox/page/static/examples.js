/** Lines worth typing, offered by the message box and in empty conversations. */

export const EXAMPLES = [
  { text: "/neo-usage", hint: "My spend, this month so far" },
  { text: "/neo-usage team 7d by:member", hint: "Everybody, by member (operators)" },
  { text: "/neo-usage team 14d by:day", hint: "Fourteen days, with a chart" },
  { text: "/neo-usage @priya 30d by:model status:error,failed", hint: "What failed, and on which model" },
  { text: "/neo-usage last month by:week csv", hint: "The same as a file" },
  { text: "/neo-usage budget @marcus 50/day", hint: "Set a budget (operators)" },
  { text: "/neo-usage budget request 800/month", hint: "Ask for a higher one" },
  { text: "/neo-usage budgets", hint: "All budgets, with use and pace" },
  { text: "/neo-usage errors 24h", hint: "What went wrong, grouped" },
  { text: "/neo-usage explain @priya", hint: "Why alerts were or were not sent" },
  { text: "/neo-usage status", hint: "How fresh the numbers are" },
  { text: "/neo-usage help", hint: "Everything it understands" },
];

const STARTS = {
  operator: ["/neo-usage team 7d by:member", "/neo-usage team 14d by:day", "/neo-usage budgets"],
  member: ["/neo-usage", "/neo-usage 7d by:model", "/neo-usage budget request 800/month"],
};

/** Three lines for somebody who has not asked anything yet. */
export function starts(role) {
  const hints = new Map([...EXAMPLES, { text: "/neo-usage 7d by:model", hint: "My week, by model" }].map(({ text, hint }) => [text, hint]));
  return (STARTS[role] ?? STARTS.member).map((text) => ({ text, hint: hints.get(text) ?? "" }));
}
