// Names out of a list of guests: a CSV file, or lines that somebody wrote.

/** What a first line with headings begins with. */
const HEADINGS = ["name", "names", "namen"];

/** A cell in quotes, with what stands before it. */
const QUOTED = /(^|[,;\t\n])([^\S\t\n]*"(?:[^"]|"")*")/g;

/**
 * The first column: what stands before the first comma, semicolon or tab of each line. A line of headings is left out. A
 * cell in quotes may go on in the next line.
 * @param {string} written
 */
export function firstColumn(written) {
  const lines = written.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  const rows = lines.replace(QUOTED, (_, before, cell) => before + cell.replace(/\s*\n\s*/g, " ")).split("\n");
  const cells = rows.map((row) => {
    const quoted = /^\s*"((?:[^"]|"")*)"/.exec(row);
    return (quoted ? quoted[1].replaceAll('""', '"') : row.split(/[,;\t]/)[0]).trim();
  }).filter(Boolean);
  return cells.length > 1 && HEADINGS.includes(cells[0].toLowerCase()) ? cells.slice(1) : cells;
}
