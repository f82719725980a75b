"use strict";

// Runs inside of a page that tests/tool/page.sh has made: clicks and types as a reader does, and compares what is shown
// with what --json has told, which stands in the element `expected`.  A page without that is a large one, and has
// less to compare.  What was found becomes an attribute of the root element.

const failures = [];
let checks = 0;

function check(what, got, wanted) {
    checks++;
    if (JSON.stringify(got) !== JSON.stringify(wanted))
        failures.push(`${what}: ${JSON.stringify(got)} is not ${JSON.stringify(wanted)}`.slice(0, 400));
}

function holds(what, condition) {
    check(what, Boolean(condition), true);
}

const all = selector => [...document.querySelectorAll(selector)];
const one = selector => document.querySelector(selector);
const pause = milliseconds => new Promise(done => setTimeout(done, milliseconds));
const drawn = () => all("#flame g");
const widthOf = g => Number(g.querySelector("rect").getAttribute("width"));
const pathOf = d => d.parent ? pathOf(d.parent) + ";" + d.data.name : "all";
const frameOf = path => drawn().find(g => pathOf(g.__data__) === path);

function click(target) {
    target.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}));
}

function press(target, key) {
    target.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
}

function choose(name, value) {
    one(`[name=${name}][value=${value}]`).click();
}

async function search(text) {
    one("#search").value = text;
    one("#search").dispatchEvent(new Event("input", {bubbles: true}));
    await pause(300);
}

// ---- What is to be seen, by --json ----

const wanted = one("#expected") && JSON.parse(one("#expected").textContent);
const nameOf = stack => stack.frames.length ? stack.frames.map(f => f.function) : ["(stack not known)"];
const baseOf = file => file.replace(/.*\//, "");
const shownPlace = f => f.function + (f.file ? `  ${baseOf(f.file)}:${f.line}` : "") + (f.inlined ? " (inlined)" : "");

function wantedFrames(measure, unit) {
    const sums = new Map([["all", 0]]);
    for (const stack of wanted.stacks) {
        let path = "all";
        sums.set(path, sums.get(path) + stack[measure][unit]);
        for (const name of nameOf(stack).reverse()) {
            path += ";" + name;
            sums.set(path, (sums.get(path) || 0) + stack[measure][unit]);
        }
    }
    return sums;
}

const near = (a, b) => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b));

function checkFlame(measure, unit) {
    const sums = wantedFrames(measure, unit), whole = sums.get("all");
    const width = Number(one("#flame svg").getAttribute("width"));
    for (const g of drawn()) {
        const path = pathOf(g.__data__), value = sums.get(path);
        holds(`${measure}, ${unit}: figure of ${path}`, near(g.__data__.data.value, value));
        holds(`${measure}, ${unit}: width of ${path}`,
            whole === 0 || Math.abs(widthOf(g) / width - value / whole) < 1e-3);
        check(`name of ${path}`, g.getAttribute("name"), path.slice(path.lastIndexOf(";") + 1));
    }
    const shown = new Set(drawn().map(g => pathOf(g.__data__)));
    for (const [path, value] of sums)
        if (value / whole > 2 / width)
            holds(`${measure}, ${unit}: ${path} is drawn`, shown.has(path));
}

function wantedSites(measure, unit) {
    return wanted.sites.map(s => [s.function || "(stack not known)", s[measure][unit]])
        .sort((a, b) => b[1] - a[1]).map(([name, value]) => [name, format(value, unit)]);
}

const columnAt = measure => all("#sites th").findIndex(th => th.dataset.column === measure);
const shownRows = () => all("#sites tbody > tr").filter(row => row.querySelector("[aria-expanded]"));
const rowName = row => row.querySelector("button").firstChild.textContent;

function checkSites(measure, unit) {
    const column = columnAt(measure);
    const rows = shownRows().map(row => [rowName(row), row.children[column].textContent]);
    const expected = wantedSites(measure, unit);
    check(`${measure}, ${unit}: places, largest first`, rows.map(r => r[1]), expected.map(r => r[1]).slice(0, 50));
    check(`${measure}, ${unit}: all places`, rows.map(String).sort(), expected.map(String).sort());
}

// ---- Reading ----

function wantedMeasures() {
    return ["allocated", "peak", "end", "temporary", ...(wanted.total.leaked.objects > 0 ? ["leaked"] : [])];
}

function checkSummary() {
    check("heading", one("h1").textContent, wanted.command);
    const measures = wantedMeasures();
    check("figures", all("#summary dd").slice(0, measures.length).map(dd => dd.firstChild.textContent),
        measures.map(m => formatBytes(wanted.total[m].bytes)));
    check("measures", all("[name=measure]").map(input => input.value), measures);
    check("KiB", formatBytes(100000), "97.7 KiB");
    check("thousands", formatCount(1234567), "1,234,567");
    check("an end is told", one("#warning").hidden, wanted.ended && !wanted.damaged);
}

function checkMeasures() {
    for (const measure of wantedMeasures())
        for (const unit of ["bytes", "objects"]) {
            choose("measure", measure);
            choose("unit", unit);
            checkFlame(measure, unit);
            checkSites(measure, unit);
        }
    choose("measure", "allocated");
    choose("unit", "bytes");
}

function checkZoom() {
    const width = Number(one("#flame svg").getAttribute("width"));
    const target = drawn().find(g => g.__data__.depth >= 2 && widthOf(g) < 0.9 * width);
    const path = pathOf(target.__data__), before = widthOf(target);
    click(target);
    holds("a frame that is clicked fills the page", Math.abs(widthOf(frameOf(path)) - width) < 1);
    holds("it is described", one("#details").textContent.startsWith(target.__data__.data.name));
    click(frameOf("all"));
    holds("the whole is back", Math.abs(widthOf(frameOf(path)) - before) < 1);
}

function checkKeys() {
    const box = one("#flame");
    press(box, "Escape");
    check("Escape goes to the whole", one("#details").textContent.slice(0, 4), "all:");
    press(box, "ArrowDown");
    const child = frameOf("all").__data__.children.reduce((a, b) => a.value >= b.value ? a : b);
    holds("down goes to the widest", one("#details").textContent.startsWith(child.data.name));
    check("it is marked", all("#flame [data-current]").map(g => g.getAttribute("name")), [child.data.name]);
    press(box, "Enter");
    holds("Enter zooms", near(widthOf(frameOf(pathOf(child))), Number(one("#flame svg").getAttribute("width"))));
    press(box, "Escape");
    press(document.body, "/");
    check("/ searches", document.activeElement.id, "search");
}

async function checkSearch(text) {
    await search(text);
    const has = f => f.function.includes(text) || (f.file || "").includes(text);
    const part = wanted.stacks.filter(s => s.frames.some(has)).reduce((sum, s) => sum + s.allocated.bytes, 0);
    holds(`the share of ${text}: ${one("#found").textContent}`,
        one("#found").textContent.endsWith(`${formatBytes(part)}, ${formatShare(part, wanted.total.allocated.bytes)}`));
    const places = wanted.sites.filter(s => has({function: s.function || "", file: s.file}));
    check(`places of ${text}`, shownRows().map(rowName).sort(), places.map(s => s.function).sort());
    await search("");
    check("all are back", shownRows().length, Math.min(wanted.sites.length, 50));
}

function checkSorting() {
    const names = wanted.sites.map(s => s.function || "(stack not known)");
    click(one("#sites th[data-column=function] button"));
    check("by name", shownRows().map(rowName), [...names].sort().slice(0, 50));
    check("it is said", one("#sites th[data-column=function]").getAttribute("aria-sort"), "ascending");
    click(one("#sites th[data-column=function] button"));
    check("by name, backwards", shownRows().map(rowName), [...names].sort().reverse().slice(0, 50));
    click(one("#sites th[data-column=end] button"));
    check("by the end", shownRows().map(r => r.children[columnAt("end")].textContent),
        wantedSites("end", "bytes").map(r => r[1]));
}

function checkStacks() {
    const row = shownRows().find(r => rowName(r) === "keep") || shownRows()[0], name = rowName(row);
    const site = wanted.sites.find(s => s.function === name);
    click(row.querySelector("button"));
    const lists = [...row.nextElementSibling.querySelectorAll("ol:not(.way)")].map(
        list => [...list.children].map(li => li.textContent));
    const stacks = wanted.stacks.filter(s => s.frames.some(f => f.function === name && f.line === site.line));
    check(`stacks of ${name}`, lists.map(String).sort().slice(0, 5),
        stacks.map(s => String(s.frames.map(shownPlace))).sort().slice(0, 5));
    click(row.querySelector("button"));
    check("they close", all("#sites .stacks").length, 0);
}

function checkHolders() {
    for (const way of wanted.ways.slice(0, 3)) {
        const last = way.steps[way.steps.length - 1];
        const row = shownRows().find(r => rowName(r) === last.function);
        click(row.querySelector("button"));
        const list = [...row.nextElementSibling.querySelectorAll("ol.way")].find(l =>
            l.firstChild.textContent === way.root && l.children.length === way.steps.length + 1 + (way.left_out > 0));
        holds(`what holds those of ${last.function}`, list &&
            list.lastChild.textContent.includes(`→ ${formatCount(last.bytes)} bytes  ${last.function}`));
        click(row.querySelector("button"));
    }
}

// Short recordings end before anything is told of the heap, or have no moment.
function checkTimeline() {
    const told = bytes => bytes > 0 ? formatBytes(bytes) : "–";
    const shown = () => all("#timeline .u-legend .u-value").map(e => e.textContent);
    const wantedAt = i => [formatSeconds(wanted.timeline[i].seconds), formatBytes(wanted.timeline[i].live),
        told(wanted.timeline[i].heap), told(wanted.timeline[i].resident)];
    if (wanted.timeline.length === 0) {
        holds("there is no moment", one("#timeline-about").textContent.includes("no moments"));
        return;
    }
    press(one("#timeline"), "End");
    check("the last moment", shown().slice(0, 4), wantedAt(wanted.timeline.length - 1));
    press(one("#timeline"), "Home");
    for (let i = 0; i < Math.min(wanted.timeline.length, 30); i++, press(one("#timeline"), "ArrowRight"))
        check(`moment ${i}`, shown().slice(0, 4), wantedAt(i));
    const canvas = one("#timeline canvas");
    const dots = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    holds("something is drawn", new Set(dots).size > 10);
    holds("pauses are told or missed", wanted.timeline.some(m => m.collections > 0) === (shown().length === 5));
}

function checkTiles() {
    choose("group", "sizes");
    const sizes = wanted.sizes.filter(s => s.allocated.bytes > 0);
    const whole = sizes.reduce((sum, s) => sum + s.allocated.bytes, 0);
    holds("sizes are all there is", near(whole, wanted.total.allocated.bytes));
    const box = one("#tiles").clientWidth * one("#tiles").clientHeight;
    check("tiles", all("#tiles button").map(t => t.title.replace(/.* to (.*?):/, "$1:")),
        sizes.sort((a, b) => b.allocated.bytes - a.allocated.bytes).map(s => `${formatClass(s.up_to)}: ` +
            `${formatBytes(s.allocated.bytes)}, ${formatShare(s.allocated.bytes, whole)}`));
    const first = one("#tiles button");
    holds("areas are shares", Math.abs(first.offsetWidth * first.offsetHeight / box -
        sizes[0].allocated.bytes / whole) < 0.05);
    choose("group", "files");
    const functions = new Set(wanted.sites.filter(s => s.allocated.bytes > 0).map(s => `${s.file} ${s.function}`));
    check("functions", all("#tiles button").length, functions.size);
    check("types are offered where there are several", one("#by-type").offsetWidth > 0, wanted.types.length > 1);
    if (wanted.types.length < 2)
        return;
    choose("group", "types");
    const figure = t => `${formatBytes(t.allocated.bytes)}, ${formatShare(t.allocated.bytes, wanted.total.allocated.bytes)}`;
    check("types", all("#tiles button").map(t => t.title).sort(), wanted.types.map(t =>
        (t.name === t.kind ? `${t.name} objects` : `${t.name}, ${t.kind}`) + ": " + figure(t)).sort());
}

function checkLayout() {
    holds("nothing is wider than the window", document.documentElement.scrollWidth <= innerWidth);
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    check("the background", getComputedStyle(document.body).backgroundColor,
        dark ? "rgb(21, 24, 28)" : "rgb(255, 255, 255)");
    dispatchEvent(new Event("beforeprint"));
    check("on paper", one("#flame svg").getAttribute("width"), "700");
    dispatchEvent(new Event("afterprint"));
    check("back on the screen", Number(one("#flame svg").getAttribute("width")), one("#flame").clientWidth);
    check("nothing of the recording was run", window.owned, undefined);
    check("there is no element that the page has not", all("b, img").length, 0);
}

// ---- A large page ----

function checkMany() {
    choose("measure", "end");
    choose("unit", "objects");
    holds("ten thousand stacks", data.stacks.node.length > 10000);
    check("their sum", frameOf("all").__data__.data.value, data.total.end.objects);
    holds("what is drawn has an end", drawn().length < 20000);
    press(one("#flame"), "Escape");
    for (let i = 0; i < 16; i++)
        press(one("#flame"), "ArrowDown");
    holds("keys reach what is too narrow to be drawn", flame.current.depth >= 15);
    press(one("#flame"), "Enter");
    holds("and show it", near(widthOf(frameOf(pathOf(flame.current))), Number(one("#flame svg").getAttribute("width"))));
    press(one("#flame"), "Escape");
}

async function run() {
    await pause(100);
    checkLayout();
    if (wanted) {
        checkSummary();
        checkMeasures();
        checkZoom();
        checkKeys();
        await checkSearch("work");
        await checkSearch(wanted.sites[0].function);
        checkSorting();
        checkStacks();
        checkHolders();
        checkTimeline();
        checkTiles();
    } else {
        checkMany();
    }
}

run().catch(error => failures.push(String(error.stack))).then(() => {
    const root = document.documentElement;
    root.setAttribute("data-checks", `${checks} checks, ${failures.length} failures`);
    // What the page shows is of no use to who reads the failures.
    root.replaceChildren(failures.slice(0, 20).join("\n"));
});
