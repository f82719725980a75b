#!/usr/bin/env python3
"""Compares the data of a page with what --json tells of the same recording: page_data.py PAGE JSON.
The page is read as a browser does, and its columns are made the objects that --json has."""
import html.parser
import json
import sys


class Page(html.parser.HTMLParser):
    """Collects the text of the element that has the data, and what the page would load."""

    def __init__(self):
        super().__init__()
        self.inside = False
        self.text = []
        self.loads = []
        self.scripts = 0

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.scripts += tag == "script"
        self.inside = tag == "script" and values.get("id") == "data"
        if tag in ("link", "img", "iframe", "object", "embed") or "src" in values or "href" in values:
            self.loads.append((tag, attributes))

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, text):
        if self.inside:
            self.text.append(text)


def place(data, function, file, line):
    found = {}
    if function:
        found["function"] = data["strings"][function]
    if file:
        found["file"] = data["strings"][file]
        found["line"] = line
    return found


def use(columns, i):
    found = {}
    for measure in ("allocated", "peak", "end", "temporary", "leaked", "kept", "gone"):
        found[measure] = {unit: columns[measure][unit][i] for unit in ("bytes", "objects")}
    if not found["kept"]["objects"]:
        del found["kept"]
    if columns["mean_lifetime"][i] is not None:
        found["mean_lifetime"] = columns["mean_lifetime"][i]
    return found


def frames(data, node):
    found, symbols = [], data["symbols"]
    while node:
        s = data["nodes"]["symbol"][node]
        frame = place(data, symbols["function"][s], symbols["file"][s], symbols["line"][s])
        if symbols["inlined"][s]:
            frame["inlined"] = True
        found.append(frame)
        node = data["nodes"]["parent"][node]
    return found


def expand(data):
    columns = ("by", "unit", "strings", "symbols", "nodes", "sites", "stacks", "timeline")
    found = {key: value for key, value in data.items() if key not in columns}
    sites, stacks, timeline = data["sites"], data["stacks"], data["timeline"]
    found["sites"] = [dict(place(data, sites["function"][i], sites["file"][i], sites["line"][i]), **use(sites, i))
                      for i in range(len(sites["line"]))]
    found["stacks"] = [dict(use(stacks, i), frames=frames(data, node)) for i, node in enumerate(stacks["node"])]
    found["timeline"] = [{key: column[i] for key, column in timeline.items()}
                         for i in range(len(timeline["seconds"]))]
    return found


page = Page()
with open(sys.argv[1], encoding="utf-8") as file:
    page.feed(file.read())
with open(sys.argv[2], encoding="utf-8") as file:
    wanted = json.load(file)
if page.loads:
    sys.exit(f"the page loads {page.loads}")
if page.scripts != 3:
    sys.exit(f"{page.scripts} scripts: the data has closed its own")
got = expand(json.loads("".join(page.text)))
for key in sorted(set(got) | set(wanted)):
    if got.get(key) != wanted.get(key):
        sys.exit(f"{key}: {str(got.get(key))[:300]}\nis not {str(wanted.get(key))[:300]}")
print(f"{len(wanted['stacks'])} stacks, {len(wanted['sites'])} sites, {len(wanted['timeline'])} moments")
