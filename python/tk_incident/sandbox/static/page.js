// Keeps the parts of a page that are marked data-live up to date, and filters the list while one types.
// Without this script the pages work as they are.
"use strict";

const REFRESH_MS = 2000;
const TYPING_PAUSE_MS = 150;

const indicator = document.getElementById("live");
const filter = document.getElementById("filter");
const shown = new Map();
let running = null;
let timer = 0;

function regions(root) {
  return root.querySelectorAll("[data-live]");
}

// Read, or filled in: a form that changed under one's hands would send what nobody has typed.
function isBeingRead(region) {
  const selection = getSelection();
  const isFilledIn = document.activeElement?.matches("input, select, textarea, button") ?? false;
  return (
    (!selection.isCollapsed && region.contains(selection.anchorNode)) ||
    (isFilledIn && region.contains(document.activeElement))
  );
}

function mark(region, known) {
  for (const row of region.querySelectorAll("tr[id]")) {
    if (!known.has(row.id)) {
      row.classList.add("arrived");
    }
  }
}

// Only what has changed is swapped: the rest keeps its focus, scroll position and selection.
function swap(region, fresh, isNewSearch) {
  const html = fresh.innerHTML;
  if (shown.get(region.id) === html || (isBeingRead(region) && !isNewSearch)) {
    return;
  }
  const focused = region.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const known = new Set(Array.from(region.querySelectorAll("tr[id]"), (row) => row.id));
  region.replaceChildren(...fresh.childNodes);
  shown.set(region.id, html);
  if (!isNewSearch) {
    mark(region, known);
  }
  if (focused !== null) {
    region.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }
}

function say(text, isLost) {
  if (indicator.textContent !== text) {
    indicator.textContent = text;
  }
  indicator.hidden = false;
  indicator.classList.toggle("lost", isLost);
}

async function refresh(isNewSearch) {
  clearTimeout(timer);
  running?.abort();
  const request = (running = new AbortController());
  try {
    if (!document.hidden) {
      const response = await fetch(location.pathname + location.search, { signal: request.signal });
      if (!response.ok) {
        throw new Error(`status ${response.status}`);
      }
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const region of regions(document)) {
        const fresh = page.getElementById(region.id);
        if (fresh !== null) {
          swap(region, fresh, isNewSearch);
        }
      }
      say("Live", false);
    }
  } catch (error) {
    if (request.signal.aborted) {
      return; // a newer request took over, and it sets the timer
    }
    say("The server does not answer", true);
  }
  timer = setTimeout(refresh, REFRESH_MS, false);
}

function search() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(filter)) {
    if (value !== "") {
      query.set(name, value);
    }
  }
  const text = query.toString();
  history.replaceState(null, "", text === "" ? location.pathname : `?${text}`);
  refresh(true);
}

for (const region of regions(document)) {
  shown.set(region.id, region.innerHTML);
}
if (filter !== null) {
  filter.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, TYPING_PAUSE_MS);
  });
  filter.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
}
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    refresh(false);
  }
});
if (regions(document).length > 0) {
  say("Live", false);
  timer = setTimeout(refresh, REFRESH_MS, false);
}
