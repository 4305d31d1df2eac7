// Rows of cells → aligned lines for people.

/** Two spaces between columns; numbers stand right, the last column runs free. */
export function table(rows: readonly (readonly (string | number)[])[], indent = ''): string {
  const cells = rows.map((row) => row.map((cell) => printable(String(cell))));
  const widths: number[] = [];
  for (const row of cells) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const line = (row: readonly string[], i: number): string =>
    row
      .map((cell, column) => {
        const width = column === row.length - 1 ? 0 : widths[column]!;
        return typeof rows[i]![column] === 'number' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ');
  return cells.map((row, i) => `${indent}${line(row, i)}\n`).join('');
}

/** A name a row, and figures with their units beside it, which all stand right. */
export function figures(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, printable(cell).length);
    });
  }
  const cells = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell : printable(cell).padStart(widths[column]!))),
  );
  return table(cells);
}

/** Control characters escaped: a file's name must not steer the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
