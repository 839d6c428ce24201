// Only makes pages nicer: without it everything works. Follows the ledger where a page says so.
"use strict";

const follow = (place) => {
  const body = place.querySelector("tbody");
  const told = place.querySelector("[data-count]");
  const blank = place.querySelector("template[data-row]").content.firstElementChild;
  const most = 500;
  let count = 0;

  const filled = (entry) => {
    const row = document.importNode(blank, true);
    const slot = (name) => row.querySelector(`[data-slot="${name}"]`);
    row.dataset.seq = entry.seq;
    row.classList.add("fresh");
    for (const name of ["title", "who", "project", "place", "kind", "told", "cost", "when"]) {
      slot(name).textContent = entry[name];
    }
    for (const name of ["who", "project", "place", "told", "cost", "job"]) {
      slot(name).closest("td").classList.toggle("blank", !entry[name]);
    }
    slot("title").className = `badge ${entry.tone}`;
    slot("when").dateTime = entry.at;
    slot("link").href = `/console/entries/${entry.seq}`;
    if (entry.job) slot("job").href = `/console/jobs/${entry.job}`;
    else slot("job").remove();
    return row;
  };

  const separator = place.dataset.live.includes("?") ? "&" : "?";
  const source = new EventSource(`${place.dataset.live}${separator}after=${place.dataset.after}`);
  source.onmessage = (message) => {
    body.prepend(filled(JSON.parse(message.data)));
    while (body.children.length > most) body.lastElementChild.remove();
    count += 1;
    told.textContent = count === 1 ? "1 new entry" : `${count} new entries`;
  };
  source.onerror = () => { told.textContent = "The connection was lost; trying again."; };
  source.onopen = () => { if (!count) told.textContent = "New entries appear at the top."; };
  addEventListener("pagehide", () => source.close());
};

for (const place of document.querySelectorAll("[data-live]")) {
  if (place.dataset.live) follow(place);
}
