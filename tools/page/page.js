// The summary, the controls, and what happens to the window.

function describeRecording() {
    const program = fileName(data.command.split(" ")[0] || data.program);
    document.title = `${program} (${data.process}): gcalloc report`;
    byId("title").textContent = data.command || data.program;
    byId("about").textContent = `Process ${data.process}, started ` +
        new Date(1000 * data.started).toLocaleString() + "; " + (data.every ?
            `one object for ${formatBytes(data.every)} was recorded: figures are estimates.` :
            "every object was recorded.");
    if (data.ended && !data.damaged)
        return;
    byId("warning").hidden = false;
    byId("warning").textContent = data.damaged ?
        "The recording is damaged: what is behind the damage is left out." :
        "The recording ends before the program did: it was killed, called _exit, became another program, or " +
        "it was still running.";
}

function addSummary(name, amount, more) {
    byId("summary").append(element("div", {}, element("dt", {}, name),
        element("dd", {}, formatBytes(amount.bytes),
            element("small", {}, `${formatCount(amount.objects)} objects${more || ""}`))));
}

function drawSummary() {
    const t = data.total;
    addSummary("allocated", t.allocated);
    addSummary("live at the peak", t.peak, `, after ${formatSeconds(data.peak_seconds)}`);
    addSummary("live at the end", t.end);
    addSummary("temporary", t.temporary, `, ${formatShare(t.temporary.objects, t.allocated.objects)}`);
    if (t.leaked.objects > 0)
        addSummary("leaked", t.leaked, t.kept ? `; others of them keep ${formatBytes(t.kept.bytes)}` : "");
    if (data.collected.objects > 0)
        addSummary("collected", data.collected);
}

function describeMissing() {
    byId("missing").textContent = (data.ways.length > 0 ? "" :
        "What holds an object was not recorded: gcalloc profile --holders does that. ") +
        "Snapshots are of any moment: gcalloc report --until=SECONDS makes a page of the time until then, " +
        "--since=SECONDS compares. Temporary is what was freed before its thread allocated anything else.";
}

function setMeasure(measure) {
    chosen.measure = table.by = measure;
    table.ascending = false;
    drawFlame();
    drawTiles();
    drawSites();
}

function setUnit(unit) {
    chosen.unit = unit;
    drawFlame();
    drawTiles();
    drawSites();
}

function setSearch(text) {
    byId("search").value = text;
    chosen.search = text.toLowerCase();
    searchFlame();
    drawSites();
}

function changed(event) {
    if (event.target.name === "measure")
        setMeasure(event.target.value);
    else if (event.target.name === "unit")
        setUnit(event.target.value);
}

// Searching goes through all frames: it waits until nothing more is typed for a moment.
let searching = 0;

function typed(event) {
    clearTimeout(searching);
    searching = setTimeout(() => setSearch(event.target.value), 120);
}

function pressAnywhere(event) {
    const typing = event.target.matches("input[type=search]");
    if (event.key === "/" && !typing) {
        byId("search").focus();
        event.preventDefault();
    } else if (event.key === "Escape" && typing) {
        setSearch("");
    }
}

function startControls() {
    for (const [measure, name] of Object.entries(MEASURES))
        byId("measures").append(element("label", {},
            element("input", {type: "radio", name: "measure", value: measure}), " " + name));
    document.querySelector(`[name=measure][value=${chosen.measure}]`).checked = true;
    document.querySelector(`[name=unit][value=${chosen.unit}]`).checked = true;
    byId("controls").addEventListener("change", changed);
    byId("controls").addEventListener("submit", event => event.preventDefault());
    byId("search").addEventListener("input", typed);
    document.addEventListener("keydown", pressAnywhere);
}

// A4 between usual margins, in the pixels of CSS.
const PAPER_WIDTH = 700;

function resize(width) {
    resizeFlame(width);
    resizeTimeline(width);
    drawTiles(width);
}

// What is drawn on a canvas has the colours of when it was drawn.
function setPaper(isPaper) {
    document.documentElement.classList.toggle("paper", isPaper);
    if (timeline.plot)
        drawTimeline();
    resize(isPaper ? PAPER_WIDTH : byId("flame").clientWidth);
}

function followWindow() {
    let width = byId("flame").clientWidth;
    new ResizeObserver(() => {
        const printing = document.documentElement.classList.contains("paper");
        if (!printing && byId("flame").clientWidth !== width)
            resize(width = byId("flame").clientWidth);
    }).observe(byId("flame"));
    window.addEventListener("beforeprint", () => setPaper(true));
    window.addEventListener("afterprint", () => setPaper(false));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => timeline.plot && drawTimeline());
}

describeRecording();
drawSummary();
startControls();
startFlame();
startTimeline();
startTiles();
startSites();
describeMissing();
followWindow();
