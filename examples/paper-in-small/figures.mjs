// Figures of the page as SVG that follows light and dark: bars with the spread over seeds.

const [WIDTH, LEFT, RIGHT, ROW, TOP] = [640, 210, 60, 22, 40];
const STYLE =
  '.t{fill:#1f2328;fill:light-dark(#1f2328,#e6e9ed)}.p{fill:#fff;fill:light-dark(#fff,#16191d)}.b{fill:#0b63ce;fill:light-dark(#0b63ce,#6cb1ff)}.s{stroke:#e0700c;stroke:light-dark(#e0700c,#ff9f45);stroke-width:2}';

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);

/** @param rows - `{ label, mean, spread }`, shares from 0 to 1 */
export function barFigure(title, rows) {
  const top = Math.max(0.01, ...rows.map(({ mean, spread }) => mean + spread));
  const x = (value) => LEFT + (Math.max(0, value) / top) * (WIDTH - LEFT - RIGHT);
  const height = TOP + ROW * rows.length + 14;
  const bars = rows.map(({ label, mean, spread }, i) => {
    const y = TOP + ROW * i;
    const middle = y + ROW / 2 - 1;
    return `<text class="t" x="${LEFT - 8}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text><rect class="b" x="${LEFT}" y="${y + 3}" width="${(x(mean) - LEFT).toFixed(1)}" height="${ROW - 8}"/><line class="s" x1="${x(mean - spread).toFixed(1)}" x2="${x(mean + spread).toFixed(1)}" y1="${middle}" y2="${middle}"/><text class="t" x="${(x(mean + spread) + 6).toFixed(1)}" y="${middle + 4}">${(100 * mean).toFixed(1)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12" role="img"><title>${escaped(title)}</title><style>:root{color-scheme:light dark}${STYLE}</style><rect class="p" width="100%" height="100%"/><text class="t" x="12" y="22" font-size="14">${escaped(title)}</text>${bars.join('')}</svg>\n`;
}
