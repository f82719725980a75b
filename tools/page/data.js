"use strict";

// What the recording tells, in the columns that tools/report_page.c writes, and how figures are shown.

const data = JSON.parse(document.getElementById("data").textContent);

const MEASURES = {
    allocated: "allocated",
    peak: "live at the peak",
    end: "live at the end",
    temporary: "temporary",
    ...(data.total.leaked.objects > 0 || data.by === "leaked" ? {leaked: "leaked"} : {}),
};

// What the reader has chosen.  All parts of the page are drawn from this, and from the data.
const chosen = {
    measure: data.by,
    unit: data.unit,
    search: "",
};

function byId(id) {
    return document.getElementById(id);
}

// Text from the recording gets into the page by this alone, so that it is text whatever is in it.
function element(name, attributes, ...children) {
    const e = document.createElement(name);
    for (const [key, value] of Object.entries(attributes))
        e.setAttribute(key, value);
    e.append(...children);
    return e;
}

function formatBytes(bytes) {
    const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let n = bytes, unit = 0;
    while (Math.abs(n) >= 1024 && unit < units.length - 1) {
        n /= 1024;
        unit++;
    }
    return (unit ? n.toFixed(1) : Math.round(n)) + " " + units[unit];
}

function formatCount(n) {
    return Math.round(n).toLocaleString("en");
}

function format(value, unit = chosen.unit) {
    return unit === "bytes" ? formatBytes(value) : formatCount(value);
}

function formatShare(part, whole) {
    return whole > 0 ? (100 * part / whole).toFixed(1) + " %" : "0 %";
}

function formatSeconds(seconds) {
    return seconds.toFixed(2) + " s";
}

function total() {
    return data.total[chosen.measure][chosen.unit];
}

// The chosen column of the stacks or sites.
function figures(table) {
    return table[chosen.measure][chosen.unit];
}

function fileName(file) {
    return file.slice(file.lastIndexOf("/") + 1);
}

// A symbol's function and place as they are shown.
function functionOf(symbol) {
    return data.strings[data.symbols.function[symbol]];
}

function placeOf(symbol) {
    const file = data.symbols.file[symbol];
    return file ? fileName(data.strings[file]) + ":" + data.symbols.line[symbol] : "";
}

// The symbols of a stack, innermost first.
function stackSymbols(stack) {
    const symbols = [];
    for (let node = data.stacks.node[stack]; node; node = data.nodes.parent[node])
        symbols.push(data.nodes.symbol[node]);
    return symbols;
}

// Whether the text that is searched for stands in a function's name or its file's.
function matches(functionString, fileString) {
    const text = chosen.search;
    return text !== "" && (data.strings[functionString].toLowerCase().includes(text) ||
        data.strings[fileString].toLowerCase().includes(text));
}
