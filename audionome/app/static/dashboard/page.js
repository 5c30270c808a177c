// What every part of the page uses. The files of this folder are joined into one module.

const MIB = 2 ** 20;
const BROKEN = "Something went wrong on this page. Reload it and choose the file again.";

function element(name, properties = {}, children = []) {
  const { aria, role, ...rest } = properties;
  const node = Object.assign(document.createElement(name), rest);
  if (role) node.setAttribute("role", role);
  for (const [key, value] of Object.entries(aria ?? {})) node.setAttribute(`aria-${key}`, value);
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

function button(textContent, onclick, properties = {}) {
  return element("button", {
    type: "button",
    className: "an-plain",
    textContent,
    onclick,
    ...properties,
  });
}

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// A table with a heading for every column, in a box that scrolls by itself.
function tableOf(caption, columns, rows) {
  const head = columns.map((name) => element("th", { scope: "col", textContent: name }));
  const body = rows.map((row) =>
    element("tr", {}, row.map((value) => element("td", { textContent: value }))),
  );
  const table = element("table", {}, [
    element("caption", { textContent: caption }),
    element("thead", {}, [element("tr", {}, head)]),
    element("tbody", {}, body),
  ]);
  const aria = { label: `Table: ${caption}` };
  return element("div", { className: "an-scroll", tabIndex: 0, role: "region", aria }, [table]);
}

function download(name, type, parts) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = element("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
