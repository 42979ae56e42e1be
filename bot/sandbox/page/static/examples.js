/** Example commands, offered by the message box and in empty conversations. */

export const EXAMPLES = [
  { text: "/neo-usage", hint: "My spend, this month so far" },
  { text: "/neo-usage team 7d by:member", hint: "Everybody, by member (operators)" },
  { text: "/neo-usage team 14d by:day", hint: "Fourteen days, with a chart" },
  { text: "/neo-usage team 7d rows top:10", hint: "The ten dearest tasks" },
  { text: "/neo-usage 14d by:day", hint: "My days, with a chart" },
  { text: "/neo-usage @priya 30d by:model status:error,failed", hint: "What failed, and on which model" },
  { text: "/neo-usage last month by:week csv", hint: "The same as a file" },
  { text: "/neo-usage budget @priya 1000/month", hint: "A limit of one's own (operators)" },
  { text: "/neo-usage budget default 800/month", hint: "A limit for everybody (operators)" },
  { text: "/neo-usage budgets", hint: "Limits, use and pace" },
  { text: '/neo-usage budget request 1500/month reason:"new client"', hint: "Ask the operators for more" },
  { text: "/neo-usage errors team 7d", hint: "What failed, how, and what it cost (operators)" },
  { text: "/neo-usage notify errors on", hint: "Hear of my own failed tasks" },
  { text: "/neo-usage digest", hint: "What the channel reads in the morning (operators)" },
  { text: "/neo-usage explain", hint: "What was told about my budgets, and why" },
  { text: "/neo-usage status", hint: "How fresh the numbers are" },
  { text: "/neo-usage help", hint: "Everything it understands" },
];

const STARTERS = {
  operator: ["/neo-usage team 7d by:member", "/neo-usage team 14d by:day", "/neo-usage team 7d rows top:10"],
  member: ["/neo-usage", "/neo-usage 7d by:model", "/neo-usage 14d by:day"],
};

/** Three commands to start with, `[{text, hint}]`. */
export function starterExamples(role) {
  const hints = new Map([...EXAMPLES, { text: "/neo-usage 7d by:model", hint: "My week, by model" }].map(({ text, hint }) => [text, hint]));
  return (STARTERS[role] ?? STARTERS.member).map((text) => ({ text, hint: hints.get(text) ?? "" }));
}
