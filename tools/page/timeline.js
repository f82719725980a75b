// Live objects, heap and resident memory over time, which uPlot draws.

// Several moments may lie at one place of the screen: which of them is shown, the keys know.
const timeline = {plot: null, at: null};

const hasPauses = data.timeline.collections.some(n => n > 0);

function colorOf(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

// What each moment adds to the pauses, in milliseconds; null where there was no collection.
function pausesOf() {
    const {collections, pauses} = data.timeline;
    return pauses.map((seconds, i) => collections[i] > (i ? collections[i - 1] : 0) ?
        1000 * (seconds - (i ? pauses[i - 1] : 0)) : null);
}

// A heap that has not been told of yet is none that has nothing.
function known(column) {
    return column.map(n => n > 0 ? n : null);
}

function line(label, color) {
    return {label, stroke: () => colorOf(color), width: 1.5, points: {show: false}, spanGaps: true,
        value: (u, n) => n === null || n === undefined ? "–" : formatBytes(n)};
}

// Multiples of a power of two look round in KiB and MiB.
function roundBytes(u, axis, low, high) {
    const step = 2 ** Math.ceil(Math.log2(Math.max(high - low, 1) / 6));
    const splits = [];
    for (let n = Math.ceil(low / step) * step; n <= high; n += step)
        splits.push(n);
    return splits;
}

function axis(more) {
    return {stroke: () => colorOf("faint"), grid: {stroke: () => colorOf("line"), width: 1},
        ticks: {show: false}, font: "12px system-ui, sans-serif", ...more};
}

// The moment of the peak.
function markPeak(u) {
    const x = Math.round(u.valToPos(data.peak_seconds, "x", true));
    if (x < u.bbox.left || x > u.bbox.left + u.bbox.width)
        return;
    u.ctx.save();
    u.ctx.strokeStyle = colorOf("live");
    u.ctx.setLineDash([4, 4]);
    u.ctx.beginPath();
    u.ctx.moveTo(x, u.bbox.top);
    u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
    u.ctx.stroke();
    u.ctx.restore();
}

function timelineOptions(width) {
    const series = [
        {label: "time", value: (u, n) => n === null || n === undefined ? "–" : formatSeconds(n)},
        line("live", "live"), line("heap", "heap"), line("resident", "resident")];
    const axes = [
        axis({values: (u, splits) => splits.map(n => +n.toFixed(4) + " s")}),
        axis({size: 72, splits: roundBytes, values: (u, splits) => splits.map(formatBytes)})];
    if (hasPauses) {
        series.push({label: "pauses", scale: "ms", stroke: () => colorOf("pauses"), width: 0,
            points: {show: true, size: 5, fill: () => colorOf("pauses")},
            value: (u, n) => n === null || n === undefined ? "–" : n.toFixed(2) + " ms"});
        axes.push(axis({scale: "ms", side: 1, size: 60, grid: {show: false},
            values: (u, splits) => splits.map(n => +n.toFixed(3) + " ms")}));
    }
    return {width, height: 280, series, axes, scales: {x: {time: false},
        y: {range: (u, low, high) => [0, high > 0 ? high * 1.05 : 1]},
        ms: {range: (u, low, high) => [0, high > 0 ? high * 1.3 : 1]}},
        cursor: {drag: {x: true, y: false}}, hooks: {draw: [markPeak], setCursor: [u => timeline.at = u.cursor.idx]}};
}

function drawTimeline() {
    const t = data.timeline;
    const columns = [t.seconds, t.live, known(t.heap), known(t.resident)];
    if (hasPauses)
        columns.push(pausesOf());
    if (timeline.plot)
        timeline.plot.destroy();
    timeline.plot = new uPlot(timelineOptions(byId("timeline").clientWidth), columns, byId("timeline"));
}

function resizeTimeline(width) {
    if (timeline.plot && width > 0 && width !== timeline.plot.width)
        timeline.plot.setSize({width, height: 280});
}

// The arrows move to the next moment, or with Shift by a twentieth of them.
function pressInTimeline(event) {
    const u = timeline.plot, last = data.timeline.seconds.length - 1;
    const step = event.shiftKey ? Math.ceil(last / 20) : 1;
    const at = timeline.at ?? -1;
    let to;
    if (event.key === "ArrowRight")
        to = Math.min(at + step, last);
    else if (event.key === "ArrowLeft")
        to = Math.max(at - step, 0);
    else if (event.key === "Home")
        to = 0;
    else if (event.key === "End")
        to = last;
    else if (event.key === "Escape")
        u.setScale("x", {min: data.timeline.seconds[0], max: data.timeline.seconds[last]});
    else
        return;
    if (to !== undefined) {
        u.setCursor({left: u.valToPos(data.timeline.seconds[to], "x"), top: 0});
        u.setLegend({idx: to});
        timeline.at = to;
    }
    event.preventDefault();
}

function startTimeline() {
    const moments = data.timeline.seconds.length;
    byId("timeline-about").textContent = moments === 0 ?
        "The recording has no moments." :
        "Live: bytes of objects. Heap: what the heap has of the system for them. Resident: all memory of the " +
        "process. The dashed line is the peak, after " + formatSeconds(data.peak_seconds) + ". " +
        (hasPauses ? "Dots are the pauses of collections since the moment before. " :
            "There was no collection, and so no pause. ") +
        "A part that is marked with the mouse fills the page; a double click shows all.";
    if (moments === 0)
        return;
    byId("timeline").addEventListener("keydown", pressInTimeline);
    drawTimeline();
}
