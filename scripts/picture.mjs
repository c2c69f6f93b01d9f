// A picture of a terminal, for the READMEs: text in, SVG out. Nothing but the lines and their colors.

const COLUMN = 8.4;
const LINE = 19;
const MARGIN = 16;
const COLUMNS = 80;
const COLORS = { text: "#d7dae0", title: "#61afef", ok: "#98c379", ask: "#e5c07b" };

/** Draws the lines of a terminal session. */
export function terminalPicture(text) {
  const lines = text.split("\n");
  const width = Math.round(COLUMNS * COLUMN + 2 * MARGIN);
  const height = lines.length * LINE + 2 * MARGIN;
  let kind = "text";
  const drawn = lines.map((line, index) => {
    kind = kindOf(line, kind);
    const y = MARGIN + LINE * index + 14;
    return `<text x="${MARGIN}" y="${y}" fill="${COLORS[kind]}" xml:space="preserve">${escapeXml(line)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="An agent edits a channel in the sandbox and takes the edit back">
<rect width="100%" height="100%" rx="8" fill="#1e2127"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace" font-size="14">
${drawn.join("\n")}
</g>
</svg>
`;
}

/** The kind of a line; one that goes on from the line above keeps its kind. */
function kindOf(line, above) {
  if (line.startsWith("You: ")) return "title";
  const kinds = { "→": "text", "?": "ask", "✓": "ok" };
  return line.startsWith("  ") ? (kinds[line.slice(2, 3)] ?? above) : "text";
}

function escapeXml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
