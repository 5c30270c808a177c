// A notebook that is downloaded learns where it comes from: its first cell fetches the code and the
// data from there, and its links lead there. A page opened from the disk may not read its own
// files; the first cell asks the reader instead.
"use strict";

(() => {
  const link = document.querySelector('a[href$=".ipynb"].btn-download-source-button');
  if (!link) return;
  const name = link.pathname.split("/").pop();
  link.removeAttribute("target");
  link.download = name;

  function placed(notebook) {
    const site = new URL("../", location.href).href.replace(/["\\]/g, encodeURIComponent);
    const links = notebook.metadata.audionome.links.map((old) => [
      `](${old})`,
      `](${new URL(old, location.href).href})`,
    ]);
    const text = (source) =>
      links.reduce((found, [old, full]) => found.replaceAll(old, full), source);
    for (const cell of notebook.cells) {
      const source = [cell.source].flat().join("");
      cell.source = text(source);
      if (cell.id === "audionome-start") {
        cell.source = source.replace(/^SITE = ".*?"/m, () => `SITE = "${site}"`);
        cell.metadata.jupyter = { source_hidden: true };
      }
    }
    return notebook;
  }

  function save(notebook) {
    const address = URL.createObjectURL(
      new Blob([JSON.stringify(notebook, null, 1)], { type: "application/x-ipynb+json" }),
    );
    const saved = document.createElement("a");
    saved.href = address;
    saved.download = name;
    saved.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  }

  if (location.protocol === "file:") return;
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) throw new Error(answer.statusText);
      save(placed(await answer.json()));
    } catch {
      location.assign(link.href); // As it lies on the server; its first cell asks for the address.
    }
  });
})();
