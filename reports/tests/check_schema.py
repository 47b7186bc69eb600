# SPDX-License-Identifier: MIT
"""check_schema.py SCHEMA FILE [--lines]: exit 0 if FILE (or each of its lines) fits, 77 if it cannot
be checked here, 1 else."""
import json
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed: apt-get install python3-jsonschema")
    sys.exit(77)

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
validator_class = jsonschema.validators.validator_for(schema)
validator_class.check_schema(schema)
validator = validator_class(schema)
with open(sys.argv[2], encoding="utf-8") as file:
    documents = [json.loads(line) for line in file] if "--lines" in sys.argv else [json.load(file)]

faults = 0
for number, document in enumerate(documents, 1):
    kind = schema["definitions"].get(document.get("rec"))  # says more than "fits none of nine"
    chosen = validator.evolve(schema=kind) if kind else validator
    for error in chosen.iter_errors(document):
        best = jsonschema.exceptions.best_match([error])
        print(f"{sys.argv[2]}:{number}: {best.json_path}: {best.message[:300]}")
        faults += 1
print(f"{len(documents)} documents, {faults} faults")
sys.exit(1 if faults or not documents else 0)
