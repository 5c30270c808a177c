// The session as a file for a spreadsheet: one line per recording, also of those without an answer.

// Spreadsheets take a text that begins like this for a formula.
const FORMULA = /^(?=[=+\-@\t\r\n])/;
const UNANSWERED = {
  waiting: "Not heard yet.",
  working: "Not heard to the end yet.",
  stopped: "Stopped before it was heard.",
  lost: "Not heard: the page was reloaded first.",
};

function csvCell(value) {
  const text = typeof value === "string" ? value.replace(FORMULA, "'") : String(value ?? "");
  return `"${text.replaceAll('"', '""')}"`;
}

function csvOf(entries) {
  const records = entries.map(({ name, path, state, sentence, row }) => {
    const told = { status: state, message: UNANSWERED[state] ?? sentence };
    return { ...(row?.record ?? told), file: name, path: path || name };
  });
  // Answers of an earlier visit may be another model's, with other genres: their columns follow.
  const named = Object.assign({}, ...entries.map(({ row }) => row?.record ?? {}));
  const some = Object.keys(named).length ? named : { status: "", message: "" };
  const columns = ["file", "path", ...Object.keys(some).filter((name) => name !== "file")];
  const lines = [columns, ...records.map((record) => columns.map((name) => record[name]))];
  const text = lines.map((line) => line.map(csvCell).join(",")).join("\r\n");
  return ["\ufeff", text, "\r\n"];
}

// The folder that holds all of them, or "".
function folderOf(entries) {
  const tops = new Set(
    entries.map(({ path }) => (path?.includes("/") ? path.slice(0, path.indexOf("/")) : "")),
  );
  return tops.size === 1 ? [...tops][0] : "";
}

// "audionome-2026-11-28-1430-Music.csv"
function csvName(entries, kind = "", now = new Date()) {
  const two = (value) => String(value).padStart(2, "0");
  const date = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  const time = two(now.getHours()) + two(now.getMinutes());
  const own = [folderOf(entries), kind]
    .map((part) => part.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 40))
    .filter(Boolean);
  return `${["audionome", date, time, ...own].join("-")}.csv`;
}
