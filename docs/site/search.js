// SPDX-License-Identifier: MIT
// Finds pages by their names. Without this script, the form leads to the page of all names.
"use strict";
(() => {
  const input = document.querySelector("input[type=search]");
  const list = document.getElementById("found");
  const root = input.dataset.root;
  const most = 12;

  const load = () => {
    if (window.sysfdNames || document.getElementById("names")) return;
    const script = document.createElement("script");
    script.id = "names";
    script.src = root + "names.js";
    script.onload = show;
    document.head.append(script);
  };

  const score = (name, words) => {
    const lower = name.toLowerCase();
    const last = lower.split(/::|\//).pop();
    let sum = 0;
    for (const word of words) {
      if (last === word || lower === word) sum += 0;
      else if (last.startsWith(word)) sum += 1;
      else if (lower.includes(word)) sum += 2;
      else return -1;
    }
    return sum * 100 + Math.min(name.length, 99);
  };

  const show = () => {
    const words = input.value.toLowerCase().replace(/\(\)/g, "").split(/\s+/).filter(Boolean);
    const found = [];
    if (words.length)
      for (const entry of window.sysfdNames || []) {
        const points = score(entry[0], words);
        if (points >= 0) found.push([points, entry]);
      }
    found.sort((left, right) => left[0] - right[0]);
    list.replaceChildren(...found.slice(0, most).map(([, [name, address, said]]) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      const small = document.createElement("small");
      link.href = root + address;
      link.textContent = name;
      small.textContent = said;
      link.append(small);
      item.append(link);
      return item;
    }));
    list.hidden = found.length === 0;
  };

  const move = (event) => {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Escape") list.hidden = true;
    else if (event.key === "ArrowDown" && links.length)
      links[Math.min(at + 1, links.length - 1)].focus();
    else if (event.key === "ArrowUp" && at >= 0) (links[at - 1] || input).focus();
    else return;
    event.preventDefault();
  };

  input.addEventListener("focus", load);
  input.addEventListener("input", () => { load(); show(); });
  input.form.addEventListener("keydown", move);
  input.form.addEventListener("submit", (event) => {
    const first = list.querySelector("a");
    if (!first) return;
    event.preventDefault();
    location.href = first.href;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== input) {
      event.preventDefault();
      input.focus();
    }
  });
  const wanted = new URLSearchParams(location.search).get("q");
  if (wanted) {
    input.value = wanted;
    load();
  }
})();
