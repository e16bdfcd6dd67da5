// The Node half of benchmarks/cards.py: reads {"template", "data", "rounds"}, prints milliseconds per expansion.
const path = require("path");
const { Template } = require(path.join(__dirname, "../tests/oracle/node_modules/adaptivecards-templating"));

console.warn = () => {};
const { template, data, rounds } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const prepared = new Template(template);
prepared.expand({ $root: data });
const before = process.cpuUsage();
for (let round = 0; round < rounds; round++) prepared.expand({ $root: data });
const used = process.cpuUsage(before);
process.stdout.write(JSON.stringify({ milliseconds: (used.user + used.system) / 1000 / rounds }));
