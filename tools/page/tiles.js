// A map of tiles, whose areas d3-hierarchy works out, by the size of objects, by the file and function that
// allocates, or by type; and the lifetimes.

const TILES_MOST = 300;
const GROUP_HEIGHT = 18;

// Sizes of the heap that lie near each other must not look alike.
function formatClass(bytes) {
    return bytes <= 32768 ? formatCount(bytes) + " B" : formatBytes(bytes);
}

function sizeTiles() {
    let below = 0;
    return data.sizes.map(size => {
        const name = formatClass(size.up_to);
        const item = {name, about: `objects of ${formatClass(below + 1)} to ${name}`,
            value: size[chosen.measure][chosen.unit]};
        below = size.up_to;
        return item;
    });
}

function typeTiles() {
    return data.types.map(type => ({name: type.name,
        about: type.name === type.kind ? `${type.name} objects` : `${type.name}, ${type.kind}`,
        value: type[chosen.measure][chosen.unit]}));
}

function groupBy(list, key) {
    const groups = new Map();
    for (const item of list) {
        if (!groups.has(key(item)))
            groups.set(key(item), []);
        groups.get(key(item)).push(item);
    }
    return groups;
}

// The largest as they are, and the others of a file together.
function fileTiles() {
    const s = data.sites, values = figures(s);
    const order = Array.from(values.keys()).filter(i => values[i] > 0)
        .sort((a, b) => values[b] - values[a]);
    const least = values[order[TILES_MOST]] || 0;
    const files = [];
    for (const [file, sites] of groupBy(order, i => s.file[i])) {
        const children = [];
        let others = 0;
        for (const [name, places] of groupBy(sites, i => s.function[i])) {
            const value = places.reduce((sum, i) => sum + values[i], 0);
            if (value <= least)
                others += value;
            else
                children.push({name: data.strings[name] || UNKNOWN_STACK, search: data.strings[name], value});
        }
        if (others > 0)
            children.push({name: "others", value: others});
        files.push({name: file ? fileName(data.strings[file]) : "file not known", children});
    }
    return files;
}

function tileColor(name) {
    let hash = 0;
    for (const character of name)
        hash = (hash * 31 + character.codePointAt(0)) % 359;
    return `hsl(${hash} 38% var(--tile-light))`;
}

// As much of the name and the figure as there is room for.
function tileLabels(d) {
    const width = d.x1 - d.x0, height = d.y1 - d.y0;
    if (width < 44 || height < 18)
        return [];
    const name = element("span", {}, d.data.name);
    return height < 36 ? [name] : [name, element("span", {}, format(d.value))];
}

function drawTile(box, d, whole) {
    const text = `${d.data.about || d.data.name}: ${format(d.value)}, ${formatShare(d.value, whole)}`;
    const tile = d.children ?
        element("div", {class: "group", title: text}, d.data.name) :
        element("button", {type: "button", title: text, "aria-label": text}, ...tileLabels(d));
    tile.style.left = d.x0 + "px";
    tile.style.top = d.y0 + "px";
    tile.style.width = d.x1 - d.x0 + "px";
    tile.style.height = d.y1 - d.y0 + "px";
    if (!d.children) {
        tile.style.background = tileColor(d.data.name);
        tile.addEventListener("click", () => setSearch(d.data.search || ""));
    }
    box.append(tile);
}

const GROUPS = {
    sizes: {tiles: sizeTiles, about: "Classes of the bytes that an object takes in the heap; what was asked for counts."},
    files: {tiles: fileTiles, about: "Files and functions of the places that allocate. A click searches for the function."},
    types: {tiles: typeTiles, about: "Layouts and slabs by name, and the kinds of objects that have none."},
};

function drawTiles(width = byId("tiles").clientWidth) {
    const box = byId("tiles"), group = GROUPS[document.querySelector("#groups :checked").value];
    const items = group.tiles();
    const root = d3.hierarchy({children: items}).sum(d => d.value || 0)
        .sort((a, b) => b.value - a.value);
    d3.treemap().size([width, box.clientHeight]).paddingInner(1)
        .paddingTop(d => d.depth === 1 ? GROUP_HEIGHT : 0)(root);
    box.replaceChildren();
    root.each(d => {
        if (d.depth > 0 && d.value > 0)
            drawTile(box, d, root.value);
    });
    byId("tiles-about").textContent = root.value > 0 ? group.about : "There is nothing.";
}

// What samples cannot tell apart is one row.
function drawLifetimes() {
    const body = document.querySelector("#lifetimes tbody"), whole = data.total.gone.objects;
    let objects = 0, before = 0;
    for (const life of data.lifetimes) {
        objects += life.objects;
        if (life.below !== null && life.below < data.every)
            continue;
        const share = formatShare(objects, whole);
        if (objects > 0)
            body.append(element("tr", {},
                element("th", {scope: "row"}, life.below === null ? `${formatBytes(before)} or more` :
                    `below ${formatBytes(life.below)}`),
                element("td", {}, element("span", {class: "bar", style: `--share: ${share.replace(" ", "")}`})),
                element("td", {}, share)));
        objects = 0;
        before = life.below;
    }
    if (!body.firstChild)
        body.append(element("tr", {}, element("td", {}, "No object has ended.")));
}

function startTiles() {
    byId("by-type").hidden = data.types.length < 2;
    byId("groups").addEventListener("change", () => drawTiles());
    drawTiles();
    drawLifetimes();
}
