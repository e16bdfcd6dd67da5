// Writes what Microsoft's renderer reads of each kind of card object: members, the version of each, and known words.
const Cards = require("adaptivecards/dist/adaptivecards.js");

const STYLES = new Cards.ContainerStyleProperty(Cards.Versions.v1_0, "style");

function wordsOf(property) {
  const values = property instanceof Cards.ContainerStyleProperty ? STYLES.values : property.values;
  if (!values) return {};
  const words = {};
  for (const { value, targetVersion } of values)
    words[property.enumType ? property.enumType[value] : value] = targetVersion ? String(targetVersion) : "1.0";
  return { words };
}

function membersOf(object) {
  const schema = object.getSchema();
  const members = {};
  for (let place = 0; place < schema.getCount(); place++) {
    const property = schema.getItemAt(place);
    members[property.name] = { since: String(property.targetVersion), ...wordsOf(property) };
    if (property.objectType) classes[property.objectType.name] ??= property.objectType;
  }
  return members;
}

const classes = {};
const named = "AdaptiveCard Column TableCell TableRow TableColumnDefinition TextRun CarouselPage Choice";
for (const name of named.split(" ")) classes[name] = Cards[name];

const told = {};
for (const registry of [Cards.GlobalRegistry.elements, Cards.GlobalRegistry.actions]) {
  for (let place = 0; place < registry.getItemCount(); place++) {
    const item = registry.getItemAt(place);
    told[item.typeName] = { since: String(item.schemaVersion), members: membersOf(new item.objectType()) };
  }
}
for (let left = Object.keys(classes); left.length; left = Object.keys(classes).filter((name) => !(name in told))) {
  for (const name of left) told[name] ??= { since: "1.0", members: membersOf(new classes[name]()) };
}
const lines = Object.keys(told).map((name) => `${JSON.stringify(name)}: ${JSON.stringify(told[name])}`);
process.stdout.write(`{\n${lines.join(",\n")}\n}\n`);
