// The flame graph, which d3-flame-graph draws.  Nodes of the data that are the same function called from the same
// one, at several places of it, become one frame.

const UNKNOWN_STACK = "(stack not known)";

// Frames, each behind its parent; number 0 is the whole.  The list is made once, the figures for each measure.
const frames = {
    parent: [0],
    name: ["all"],
    functionString: [0],
    nodes: [[0]], // of the data
    ofNode: new Int32Array(data.nodes.parent.length),
    unknown: 0, // the frame of stacks that are not known
};

function addFrame(parent, name, functionString) {
    frames.parent.push(parent);
    frames.name.push(name);
    frames.functionString.push(functionString);
    frames.nodes.push([]);
    return frames.parent.length - 1;
}

function makeFrames() {
    const known = new Map();
    for (let node = 1; node < data.nodes.parent.length; node++) {
        const parent = frames.ofNode[data.nodes.parent[node]];
        const string = data.symbols.function[data.nodes.symbol[node]];
        const key = parent * data.strings.length + string;
        let frame = known.get(key);
        if (frame === undefined) {
            frame = addFrame(parent, data.strings[string], string);
            known.set(key, frame);
        }
        frames.ofNode[node] = frame;
        frames.nodes[frame].push(node);
    }
    frames.unknown = addFrame(0, UNKNOWN_STACK, 0);
}

// A frame's figure is the sum of the stacks that go through it.
function sumFrames(column) {
    const sums = new Float64Array(frames.parent.length);
    data.stacks.node.forEach((node, stack) => {
        sums[node ? frames.ofNode[node] : frames.unknown] += column[stack];
    });
    for (let frame = sums.length - 1; frame > 0; frame--)
        sums[frames.parent[frame]] += sums[frame];
    return sums;
}

// The tree as d3-flame-graph wants it; the largest first, so that the same stands at the same place.
function frameTree() {
    const sums = sumFrames(figures(data.stacks));
    const tree = Array.from(sums, (value, frame) =>
        ({frame, name: frames.name[frame], value, children: []}));
    for (let frame = 1; frame < tree.length; frame++)
        if (tree[frame].value > 0)
            tree[frames.parent[frame]].children.push(tree[frame]);
    for (const item of tree)
        item.children.sort((a, b) => b.value - a.value);
    return tree[0];
}

// The places of a frame, as all of its nodes have them.
function framePlaces(frame) {
    const places = new Set(frames.nodes[frame].map(
        node => placeOf(data.nodes.symbol[node])).filter(place => place));
    const few = [...places].slice(0, 4).join(", ");
    return places.size > 4 ? `${few} and ${places.size - 4} more` : few;
}

function isInlined(frame) {
    return frames.nodes[frame].some(node => data.symbols.inlined[data.nodes.symbol[node]]);
}

function describeFrame(d) {
    const frame = d.data.frame, places = framePlaces(frame);
    return d.data.name + (places ? ` at ${places}` : "") + (isInlined(frame) ? ", inlined" : "") +
        `: ${format(d.data.value)}${chosen.unit === "objects" ? " objects" : ""}, ` +
        formatShare(d.data.value, total());
}

// Warm for the program's functions, grey for the C++ library's and for what has no name.
function frameColor(d) {
    if (d.highlight)
        return "#d98cf0";
    if (d.data.frame === 0)
        return "#c3c8ce";
    let hash = 0;
    for (const character of d.data.name)
        hash = (hash * 31 + character.codePointAt(0)) % 997;
    if (/^(operator new|(void\*? )?std::|__gnu_cxx::|.*\+0x[0-9a-f]+$|\()/.test(d.data.name))
        return `hsl(210 12% ${70 + hash % 12}%)`;
    return `hsl(${14 + hash % 38} 82% ${64 + hash % 9}%)`;
}

const flame = {
    chart: flamegraph.default(),
    root: null,
    zoomed: null, // what is as wide as the page
    current: null, // what the keyboard is at
};

function flameNodes() {
    return d3.select("#flame").selectAll("g");
}

// Shows where the keyboard is, and what that is.
function setCurrent(d) {
    flame.current = d;
    byId("details").textContent = d ? describeFrame(d) : "";
    flameNodes().attr("data-current", e => e === d ? "true" : null)
        .filter(e => e === d)
        .each(function () { this.scrollIntoView({block: "nearest"}); });
}

// The library moves frames while time passes: this ends that, so that the page is right at once, for the printer, too.
function settleFlame() {
    const width = flame.chart.width(), row = flame.chart.cellHeight();
    const nodes = flameNodes().interrupt()
        .attr("transform", d => `translate(${d.x0 * width},${d.depth * row})`);
    nodes.select("rect").interrupt().attr("width", d => (d.x1 - d.x0) * width);
    nodes.select("div").interrupt().text(d => d.data.name);
}

function updateFlame() {
    flame.chart.update();
    settleFlame();
}

// What is clicked does the same.
function zoomFrame(d) {
    flame.chart.zoomTo(d);
}

function drawFlame() {
    const box = byId("flame");
    flame.chart.width(box.clientWidth);
    d3.select(box).datum(frameTree()).call(flame.chart);
    settleFlame();
    flame.root = flame.zoomed = d3.select(box).datum();
    flame.current = null;
    byId("details").textContent = "";
    if (chosen.search !== "")
        searchFlame();
}

function resizeFlame(width) {
    if (!flame.root || width <= 0 || width === flame.chart.width())
        return;
    flame.chart.width(width);
    updateFlame();
}

// Colours what is searched for.  The share is that of stacks that have it anywhere.
function searchFlame() {
    const found = new Uint8Array(frames.parent.length);
    let sum = 0, count = 0;
    flame.root.each(d => {
        const frame = d.data.frame;
        d.highlight = frames.nodes[frame].some(node => {
            const symbol = data.nodes.symbol[node];
            return matches(data.symbols.function[symbol], data.symbols.file[symbol]);
        });
        found[frame] = d.highlight || found[frames.parent[frame]];
        count += d.highlight;
        if (d.highlight && !found[frames.parent[frame]])
            sum += d.data.value;
    });
    updateFlame();
    byId("found").textContent = chosen.search === "" ? "" :
        `${formatCount(count)} frames, ${format(sum)}, ${formatShare(sum, total())}`;
}

// The frame that a key leads to from the current one.
function neighbour(key) {
    const d = flame.current;
    if (!d)
        return flame.zoomed;
    const seen = (d.parent ? d.parent.children : [d]).filter(e => e.value > 0);
    switch (key) {
    case "ArrowUp":
        return d.parent || d;
    case "ArrowDown":
        return (d.children || []).find(e => e.value > 0) || d;
    case "ArrowLeft":
        return seen[seen.indexOf(d) - 1] || d;
    default:
        return seen[seen.indexOf(d) + 1] || d;
    }
}

function pressInFlame(event) {
    if (event.key.startsWith("Arrow") && !event.altKey && !event.ctrlKey && !event.metaKey)
        setCurrent(neighbour(event.key));
    else if (event.key === "Enter" && flame.current)
        zoomFrame(flame.current);
    else if (event.key === "Escape")
        zoomFrame(flame.root);
    else
        return;
    event.preventDefault();
}

function startFlame() {
    makeFrames();
    flame.chart
        .inverted(true)
        .cellHeight(18)
        .minFrameSize(1)
        .transitionDuration(0)
        .resetHeightOnZoom(true)
        .getName(d => d.data.name)
        .getValue(d => d.value)
        .setLabelHandler(describeFrame)
        .setColorMapper(frameColor)
        .setDetailsHandler(() => {})
        .onHover(d => { byId("details").textContent = describeFrame(d); })
        .onClick(d => {
            settleFlame();
            flame.zoomed = d;
            setCurrent(d);
        });
    byId("flame").addEventListener("keydown", pressInFlame);
    drawFlame();
}
