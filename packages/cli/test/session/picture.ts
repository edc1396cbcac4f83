/** Draws what a terminal showed, for the README. */

const CHARACTER_WIDTH = 8.4;
const LINE_HEIGHT = 19;
const MARGIN = 18;
const BAR_HEIGHT = 30;

/** The transcript as an SVG: lines that begin with `$ ` are what was typed. */
export function picture(transcript: string): string {
  const lines = transcript.replace(/\n$/, "").split("\n").map(withoutTabs);
  const columns = Math.max(...lines.map((line) => line.length));
  const width = Math.ceil(2 * MARGIN + columns * CHARACTER_WIDTH);
  const height = BAR_HEIGHT + 2 * MARGIN + lines.length * LINE_HEIGHT;
  const texts = lines.map((line, index) => {
    const y = BAR_HEIGHT + MARGIN + (index + 0.75) * LINE_HEIGHT;
    return `<text x="${MARGIN}" y="${y}" xml:space="preserve">${styled(line)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">A terminal session: entries are put, got, imported, scanned; the store is looked into, compacted, backed up and verified</title>
<style>
text { font: 14px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d7dde5; white-space: pre; }
.prompt { fill: #7ee2a8; }
.typed { fill: #ffffff; font-weight: 600; }
.error { fill: #ff9c8f; }
.bar { fill: #7ee2a8; }
.expired { fill: #f4be4f; }
.dead { fill: #8a94a3; }
</style>
<rect width="${width}" height="${height}" rx="8" fill="#171b22"/>
<circle cx="20" cy="17" r="5.5" fill="#ff6b60"/><circle cx="38" cy="17" r="5.5" fill="#f4be4f"/><circle cx="56" cy="17" r="5.5" fill="#61c454"/>
${texts.join("\n")}
</svg>
`;
}

/** As a terminal sets them, every eight characters. */
function withoutTabs(line: string): string {
  return line.split("\t").reduce((before, part) => before.padEnd(8 * (Math.floor(before.length / 8) + 1)) + part);
}

function styled(line: string): string {
  if (line.startsWith("$ "))
    return `<tspan class="prompt">$</tspan> <tspan class="typed">${escaped(line.slice(2))}</tspan>`;
  if (line.startsWith("hashlog: there is no key")) return `<tspan class="error">${escaped(line)}</tspan>`;
  return escaped(line)
    .replace(/█+/, (bar) => `<tspan class="bar">${bar}</tspan>`)
    .replace(/▒+/, (bar) => `<tspan class="expired">${bar}</tspan>`)
    .replace(/░+/, (bar) => `<tspan class="dead">${bar}</tspan>`);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
