// Names out of a list of guests: a CSV file, or lines that somebody wrote.

/** What a first line with headings begins with. */
const HEADINGS = ["name", "names", "namen"];

/**
 * The first column: what stands before the first comma, semicolon or tab of each line. A line of headings is left out.
 * @param {string} written
 */
export function firstColumn(written) {
  const cells = written.replace(/^\uFEFF/, "").split(/\r?\n/).map((row) => {
    const quoted = /^\s*"((?:[^"]|"")*)"/.exec(row);
    return (quoted ? quoted[1].replaceAll('""', '"') : row.split(/[,;\t]/)[0]).trim();
  }).filter(Boolean);
  return cells.length > 1 && HEADINGS.includes(cells[0].toLowerCase()) ? cells.slice(1) : cells;
}
