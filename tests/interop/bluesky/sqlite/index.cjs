// better-sqlite3's calls that Kysely makes, by node:sqlite.
"use strict";
const { DatabaseSync } = require("node:sqlite");

const given = (values) => (values.length === 1 && Array.isArray(values[0]) ? values[0] : values);
const taken = (row) => {
  if (!row) return row;
  for (const [name, value] of Object.entries(row)) if (value instanceof Uint8Array) row[name] = Buffer.from(value);
  return { ...row };
};

class Statement {
  constructor(made) {
    this.made = made;
    this.reader = made.columns().length > 0;
  }
  all(...values) {
    return this.made.all(...given(values)).map(taken);
  }
  get(...values) {
    return taken(this.made.get(...given(values)));
  }
  run(...values) {
    return this.made.run(...given(values));
  }
  *iterate(...values) {
    for (const row of this.made.iterate(...given(values))) yield taken(row);
  }
}

class Database {
  constructor(path, options = {}) {
    this.name = path;
    this.open = true;
    this.made = new DatabaseSync(path, { readOnly: Boolean(options.readonly), timeout: options.timeout ?? 5000 });
  }
  prepare(text) {
    return new Statement(this.made.prepare(text));
  }
  exec(text) {
    this.made.exec(text);
    return this;
  }
  pragma(text) {
    return this.made.prepare(`PRAGMA ${text}`).all().map(taken);
  }
  close() {
    if (this.open) this.made.close();
    this.open = false;
    return this;
  }
}

module.exports = Database;
module.exports.default = Database;
