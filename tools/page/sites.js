// The table of places that allocate.  Rows, and the stacks of a row, are made when they are asked for.

const ROWS = 50, STACKS = 5;
const WAY_LAST = 4; // steps of a long way that are told behind those left out

const table = {
    by: chosen.measure, // a measure, "function" or "lifetime"
    ascending: false,
    rows: ROWS,
    stacks: null, // of each site, made when a row is opened first
};

const COLUMNS = ["function", ...Object.keys(MEASURES), "lifetime"];

function columnName(column) {
    return {function: "place", lifetime: "mean lifetime"}[column] || MEASURES[column];
}

function siteName(site) {
    return data.strings[data.sites.function[site]] || UNKNOWN_STACK;
}

function sitePlace(site) {
    const file = data.sites.file[site];
    return file ? `${data.strings[file]}:${data.sites.line[site]}` : "";
}

// Figures, the largest first; or names.
function siteKey(site) {
    if (table.by === "function")
        return siteName(site);
    if (table.by === "lifetime")
        return data.sites.mean_lifetime[site] ?? -1;
    return data.sites[table.by][chosen.unit][site];
}

function shownSites() {
    const list = Array.from(data.sites.line.keys());
    const wanted = chosen.search === "" ? list :
        list.filter(site => matches(data.sites.function[site], data.sites.file[site]));
    const sign = table.ascending ? 1 : -1;
    const keys = new Map(wanted.map(site => [site, siteKey(site)]));
    return wanted.sort((a, b) => {
        const x = keys.get(a), y = keys.get(b);
        return sign * (x < y ? -1 : x > y ? 1 : 0) || a - b;
    });
}

// ---- Stacks ----

function siteId(functionString, file, line) {
    return `${functionString} ${file} ${line}`;
}

function makeStacks() {
    const sites = new Map(data.sites.line.map((line, site) =>
        [siteId(data.sites.function[site], data.sites.file[site], line), site]));
    table.stacks = data.sites.line.map(() => []);
    data.stacks.node.forEach((node, stack) => {
        let at = node;
        for (let i = data.stacks.site[stack]; i > 0; i--)
            at = data.nodes.parent[at];
        const symbol = data.nodes.symbol[at], s = data.symbols;
        table.stacks[sites.get(siteId(s.function[symbol], s.file[symbol], s.line[symbol]))].push(stack);
    });
}

function stackItem(symbol) {
    const file = data.symbols.file[symbol];
    const where = file ? element("span", {class: "file", title: data.strings[file]}, "  " + placeOf(symbol)) : "";
    return element("li", {}, functionOf(symbol), where, data.symbols.inlined[symbol] ? " (inlined)" : "");
}

// What holds the largest object of the stack at the end, where that was recorded.
function holderElements(stack) {
    const way = data.ways.find(w => w.stack === stack);
    if (!way)
        return [];
    const list = element("ol", {class: "way"}, element("li", {}, way.root));
    way.steps.forEach((step, i) => {
        if (way.left_out > 0 && i === way.steps.length - WAY_LAST)
            list.append(element("li", {}, `… ${formatCount(way.left_out)} more`));
        const from = step.offset === undefined ? "" : `+${step.offset} `;
        const where = step.inside > 0 ? `byte ${step.inside} of ` : "";
        const place = step.file ? element("span", {class: "file", title: step.file},
            `  ${fileName(step.file)}:${step.line}`) : "";
        list.append(element("li", {}, `${from}→ ${where}${formatCount(step.bytes)} bytes  ${step.function || ""}`,
            place));
    });
    return [element("div", {}, "The largest that is alive at the end is held by"), list];
}

function stackElements(stack) {
    const of = data.stacks;
    const text = Object.keys(MEASURES).map(m => `${format(of[m][chosen.unit][stack])} ${MEASURES[m]}`).join(", ") +
        (of.kept.objects[stack] > 0 ? `, which alone keep ${format(of.kept[chosen.unit][stack])} more` : "");
    const list = element("ol", {start: "0"}, ...stackSymbols(stack).map(stackItem));
    return [element("div", {}, text), list, ...holderElements(stack)];
}

function addStacks(cell, stacks) {
    const shown = cell.querySelectorAll("ol:not(.way)").length;
    cell.querySelector("button")?.remove();
    for (const stack of stacks.slice(shown, shown + STACKS))
        cell.append(...stackElements(stack));
    const left = stacks.length - shown - STACKS;
    if (left <= 0)
        return;
    const more = element("button", {type: "button"}, `${formatCount(left)} more stacks`);
    more.addEventListener("click", () => addStacks(cell, stacks));
    cell.append(more);
}

function toggleStacks(button, row, site) {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) {
        row.nextElementSibling.remove();
        return;
    }
    if (!table.stacks)
        makeStacks();
    const values = figures(data.stacks);
    const stacks = [...table.stacks[site]].sort((a, b) => values[b] - values[a]);
    const cell = element("td", {colspan: String(COLUMNS.length)});
    row.after(element("tr", {class: "stacks"}, cell));
    addStacks(cell, stacks);
}

// ---- Rows ----

function figureCell(site, measure) {
    const value = data.sites[measure][chosen.unit][site], whole = data.total[measure][chosen.unit];
    const cell = element("td", {class: measure === chosen.measure ? "share" : "other"}, format(value));
    cell.style.setProperty("--share", whole > 0 ? `${(100 * value / whole).toFixed(1)}%` : "0%");
    return cell;
}

function siteRow(site) {
    const place = sitePlace(site);
    const button = element("button", {type: "button", "aria-expanded": "false"}, siteName(site),
        place ? element("span", {class: "file", title: place}, "  " + fileName(place)) : "");
    const lifetime = data.sites.mean_lifetime[site];
    const row = element("tr", {}, element("td", {class: "place"}, button),
        ...Object.keys(MEASURES).map(measure => figureCell(site, measure)),
        element("td", {class: "other"}, lifetime === null ? "" : formatBytes(lifetime)));
    button.addEventListener("click", () => toggleStacks(button, row, site));
    return row;
}

function sortBy(column) {
    table.ascending = table.by === column ? !table.ascending : column === "function";
    table.by = column;
    drawSites();
    document.querySelector(`#sites th[data-column="${column}"] button`).focus();
}

function headCell(column) {
    const button = element("button", {type: "button"}, columnName(column));
    button.addEventListener("click", () => sortBy(column));
    const cell = element("th", {scope: "col", "data-column": column}, button);
    if (column === "function")
        cell.classList.add("place");
    else if (column !== chosen.measure)
        cell.classList.add("other");
    if (column === table.by)
        cell.setAttribute("aria-sort", table.ascending ? "ascending" : "descending");
    return cell;
}

function drawSites() {
    const sites = shownSites(), left = sites.length - table.rows;
    document.querySelector("#sites thead").replaceChildren(element("tr", {}, ...COLUMNS.map(headCell)));
    document.querySelector("#sites tbody").replaceChildren(...sites.slice(0, table.rows).map(siteRow));
    if (sites.length === 0)
        document.querySelector("#sites tbody").append(element("tr", {}, element("td", {class: "place"},
            chosen.search === "" ? "There is none." : "None has this in its name.")));
    byId("more-sites").hidden = left <= 0;
    byId("more-sites").textContent = `${formatCount(left)} more places`;
}

function startSites() {
    byId("more-sites").addEventListener("click", () => {
        table.rows += 4 * ROWS;
        drawSites();
    });
    drawSites();
}
