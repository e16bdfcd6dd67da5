// Answers JSON lines: {"template", "data", "host"?} is expanded, {"expression", "scope", "locale"?} is evaluated.
// One line each comes back: {"value"}, {"absent": true}, {"error"} (no value) or {"thrown"} (the reference throws).
const readline = require("readline");
const { Expression, Options } = require("adaptive-expressions");
const { Template } = require("adaptivecards-templating");

console.warn = console.info = console.debug = console.error = () => {};

function answer(question) {
  if ("template" in question) {
    const context = { $root: question.data, $host: question.host };
    return told(new Template(question.template).expand(context));
  }
  const options = new Options();
  if (question.locale) options.locale = question.locale;
  const { value, error } = Expression.parse(question.expression).tryEvaluate(question.scope ?? {}, options);
  return error ? { error: String(error) } : told(value);
}

function told(value) {
  if (value === undefined) return { absent: true };
  if (typeof value === "number" && !Number.isFinite(value)) return { number: String(value) };
  if (value instanceof Uint8Array) return { bytes: Array.from(value) };
  if (typeof value === "bigint" || (value && value.constructor && value.constructor.name.includes("Integer")))
    return { ticks: value.toString() };
  return { value };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let told;
  try {
    told = answer(JSON.parse(line));
  } catch (thrown) {
    told = { thrown: String((thrown && thrown.message) || thrown) };
  }
  process.stdout.write(JSON.stringify(told) + "\n");
});
