const { config, specs } = JSON.parse(document.getElementById("chart-data").textContent);
config.font = getComputedStyle(document.body).fontFamily;
config.axis.labelLimit = window.innerWidth < 560 ? 124 : 240;
const tip = document.getElementById("tip");

// Text only: nothing that came from a data file is ever read as markup.
function show(_handler, event, _item, value) {
  if (value === null || value === undefined || value === "") {
    tip.hidden = true;
    return;
  }
  const list = document.createElement("dl");
  for (const [name, text] of Object.entries(value)) {
    const [term, detail] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    detail.textContent = text;
    list.append(term, detail);
  }
  tip.replaceChildren(list);
  tip.hidden = false;
  const room = { x: window.innerWidth - tip.offsetWidth - 12, y: window.innerHeight - tip.offsetHeight - 12 };
  tip.style.left = `${Math.max(8, Math.min(event.clientX + 14, room.x))}px`;
  tip.style.top = `${Math.max(8, Math.min(event.clientY + 14, room.y))}px`;
}

const options = { ast: true, renderer: "svg", actions: false, defaultStyle: false, config, tooltip: show };
for (const [name, spec] of Object.entries(specs)) {
  vegaEmbed(document.getElementById(`chart-${name}`), spec, options);
}
