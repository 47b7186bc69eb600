# SPDX-License-Identifier: MIT
"""check_trace_events.py FILE: what an importer of Chrome's trace events asks for. Slices of a track nest, what
begins asynchronously ends once and not before, counters count numbers."""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    events = json.load(file)["traceEvents"]
faults, slices, open_lives, kinds = [], {}, {}, {}
for event in events:
    kinds[event["ph"]] = kinds.get(event["ph"], 0) + 1
    if not isinstance(event.get("pid"), int) or not event.get("name") and event["name"] != "":
        faults.append(f"no pid or name: {event}")
    if event["ph"] != "M" and (not isinstance(event.get("ts"), (int, float)) or event["ts"] < 0):
        faults.append(f"no time: {event}")
    if event["ph"] == "X":
        slices.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["ts"] + event["dur"]))
    elif event["ph"] == "b":
        if event["id"] in open_lives:
            faults.append(f"begins twice: {event}")
        open_lives[event["id"]] = event
    elif event["ph"] == "e":
        begun = open_lives.pop(event["id"], None)
        if begun is None or begun["ts"] >= event["ts"] or begun["cat"] != event["cat"]:
            faults.append(f"ends and never began, or before: {event}")
    elif event["ph"] == "C":
        if any(value < 0 for value in event["args"].values()):
            faults.append(f"fewer than none: {event}")
    elif event["ph"] not in ("M", "i"):
        faults.append(f"of no kind: {event}")
faults += [f"never ends: {event}" for event in open_lives.values()]
for track, spans in slices.items():
    stack = []
    for begin, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        while stack and stack[-1] <= begin + 1e-6:
            stack.pop()
        if stack and end > stack[-1] + 1e-6:
            faults.append(f"overlap on {track} at {begin}")
        stack.append(end)
for fault in faults[:20]:
    print("FAULT", fault)
print(" ".join(f"{kind}:{count}" for kind, count in sorted(kinds.items())))
sys.exit(1 if faults or not events else 0)
