// The definition of a glossary term appears where the pointer or the keyboard is on it.
(() => {
  const terms = document.querySelectorAll(".audionome-term");
  if (!terms.length) return;
  const box = document.createElement("div");
  box.id = "audionome-definition";
  box.setAttribute("role", "tooltip");
  box.hidden = true;
  document.body.append(box);
  let shown = null;

  const hide = () => {
    shown?.removeAttribute("aria-describedby");
    shown = null;
    box.hidden = true;
  };
  const show = (term) => {
    hide();
    shown = term;
    box.textContent = term.dataset.definition;
    box.hidden = false;
    term.setAttribute("aria-describedby", box.id);
    const at = term.getClientRects()[0];
    const left = Math.min(at.left, document.documentElement.clientWidth - box.offsetWidth - 8);
    const below = at.bottom + 4;
    const fits = below + box.offsetHeight < window.innerHeight;
    box.style.left = `${Math.max(8, left)}px`;
    box.style.top = `${fits ? below : at.top - box.offsetHeight - 4}px`;
  };
  // It stays while the pointer is on it, so that it can be read and selected.
  const leave = (event) => {
    const to = event.relatedTarget;
    if (to !== box && to !== shown && !shown?.contains(to)) hide();
  };
  for (const term of terms) {
    term.addEventListener("mouseenter", () => show(term));
    term.addEventListener("focus", () => show(term));
    term.addEventListener("mouseleave", leave);
    term.addEventListener("blur", hide);
  }
  box.addEventListener("mouseleave", leave);
  window.addEventListener("scroll", hide, { passive: true });
  window.addEventListener("keydown", (event) => event.key === "Escape" && hide());
})();
