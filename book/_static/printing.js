// Paper is white: a page that is read in dark colours is printed in light ones.
"use strict";

(() => {
  const root = document.documentElement;
  let theme = root.dataset.theme;
  window.addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    root.dataset.theme = "light";
  });
  window.addEventListener("afterprint", () => {
    root.dataset.theme = theme;
  });
  // The content security policy keeps the button's own handler from running.
  document.addEventListener("click", (event) => {
    if (event.target.closest(".btn-download-pdf-button")) {
      window.print();
    }
  });
})();
