# SPDX-License-Identifier: MIT
"""check_lava.py FILE: reads signals by the rules of LAVA's dispatcher (which words, which characters, what a
signal inside a test case means) and prints what it would record, one "set id result" a line. Exit 1 if it
would drop or misread anything."""
import re
import sys

SIGNAL = re.compile(r"<LAVA_SIGNAL_(\S+) ([^>]+)>")
faults = []
with open(sys.argv[1], encoding="utf-8") as file:
    lines = file.read().splitlines()
inside = test_set = None
seen = set()
for number, line in enumerate(lines, 1):
    found = SIGNAL.search(line)
    if not found:
        if "<LAVA_SIGNAL" in line:
            faults.append(f"{number}: half a signal: {line[:80]}")
        continue
    if len(line.encode()) > 900:
        faults.append(f"{number}: too long for one write to kmsg")
    name, parameters = found.groups()
    if inside and name not in ("ENDTC",):
        faults.append(f"{number}: {name} inside of test case {inside}")
    if name == "TESTSET":
        word = parameters.split()
        if word[0] == "START" and len(word) == 2 and not test_set:
            test_set = word[1]
        elif parameters == "STOP" and test_set:
            test_set = None
        else:
            faults.append(f"{number}: TESTSET {parameters}")
    elif name == "STARTTC":
        inside = parameters
    elif name == "ENDTC":
        if parameters != inside:
            faults.append(f"{number}: ends {parameters} inside of {inside}")
        inside = None
    elif name == "TESTCASE":
        data = {}
        for part in parameters.split():
            pair = part.split("=")
            if len(pair) != 2:
                faults.append(f"{number}: malformed parameter {part}")
            else:
                data[pair[0].lower()] = pair[1]
        case, result = data.get("test_case_id", ""), data.get("result", "")
        if result not in ("pass", "fail", "skip", "unknown"):
            faults.append(f"{number}: bad test result {result}")
        if not re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", case) or len(case) > 100:
            faults.append(f"{number}: test case id {case}")
        if "measurement" in data:
            float(data["measurement"])
        key = (test_set, re.sub(r"[^a-z0-9]", "_", case))
        if key in seen:
            faults.append(f"{number}: {case} twice")
        seen.add(key)
        print(test_set, case, result)
    else:
        faults.append(f"{number}: no such signal {name}")
if test_set or inside:
    faults.append("not ended")
for fault in faults:
    print("FAULT", fault)
sys.exit(1 if faults else 0)
