#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes docs/reference/generated from what the program itself says.
#   docs/generate.sh [PROGRAM]           write the pages (needs graphviz)
#   docs/generate.sh --check [PROGRAM]   write nothing; exit 1 if a page is out of date (needs no graphviz)
# PROGRAM defaults to the static build.
set -eu
export LC_ALL=C
top=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
check=no
if [ "${1:-}" = --check ]; then check=yes; shift; fi
program=${1:-$top/build/static/conformance/app/dmabuf-conform}
committed="$top/docs/reference/generated"
[ -x "$program" ] || { echo "generate.sh: $program is not there; build it: ./run --version" >&2; exit 3; }
[ $check = yes ] || command -v dot > /dev/null || { echo "generate.sh: no dot; as root: apt-get install graphviz" >&2; exit 3; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out="$work/generated"
mkdir -p "$out/machines"
mark='<!-- Written by docs/generate.sh; do not edit. -->'

"$program" model tables > "$work/tables"
"$program" list requirements > "$work/requirements"
model=$(sed -n 's/^# model //p' "$work/tables")
sed -i '/^#/d' "$work/tables"

# --- what the catalogue has and the program does not print: titles of areas, sources ----------------
sed -n 's/^ *{"\([A-Z]*\)", "\(.*\)"},$/\1\t\2/p' "$top/model/include/dmabuf/model/catalogue.hpp" > "$work/areas"
for file in "$top"/model/include/dmabuf/model/catalogue/*.hpp; do
  tr '\n' ' ' < "$file" | sed 's/{\.id = /\n&/g' | awk '
    match($0, /\.id = "[A-Z]+-[0-9]+"/) {
      id = substr($0, RSTART + 7, RLENGTH - 8)
      source = ""
      if (match($0, /\.source = \{[^}]*\}/)) {
        source = substr($0, RSTART + 11, RLENGTH - 12)
        gsub(/" +"/, "", source)
        gsub(/"/, "", source)
        gsub(/  +/, " ", source)
      }
      print id "\t" source "\t" ($0 ~ /\.observed = true/ ? "yes" : "")
    }'
done > "$work/sources"

# --- one page a machine -----------------------------------------------------------------------------
machines=$(awk '{ if (!seen[$1]++) print $1 }' "$work/tables")
for machine in $machines; do
  "$program" model diagram "$machine" > "$work/dot"
  sum=$(sha256sum < "$work/dot" | cut -d ' ' -f 1)
  svg="$out/machines/$machine.svg"
  if [ $check = yes ]; then
    # The picture is up to date if it was drawn from this text: graphviz may differ in its fonts.
    if grep -q "drawn from $sum" "$committed/machines/$machine.svg" 2> /dev/null; then
      cp "$committed/machines/$machine.svg" "$svg"
    else
      echo "out of date: $sum" > "$svg"
    fi
  else
    dot -Tsvg "$work/dot" | sed '/^<!--/,/-->$/d' > "$svg"
    echo "<!-- drawn from $sum -->" >> "$svg"
  fi
  awk -v machine="$machine" -v mark="$mark" '
    function cell(text) { gsub(/\|/, "\\|", text); return text }
    function anchor(id) { return "[DBUF-" id "](../requirements.md#dbuf-" tolower(id) ")" }
    $1 == machine {
      id = $NF; gsub(/[][]/, "", id)
      rest = $0
      sub(/^[^ ]+ +[^ ]+ +[^ ]+ +/, "", rest)
      sub(/ \[[A-Z]+-[0-9]+\]$/, "", rest)
      only = doing = ""
      if ((at = index(rest, " doing ")) > 0) { doing = substr(rest, at + 7); rest = substr(rest, 1, at - 1) }
      if ((at = index(rest, " if ")) > 0) { only = substr(rest, at + 4); rest = substr(rest, 1, at - 1) }
      split(rest, words, " ")
      if (words[1] == "->") {
        permitted = permitted "| " $2 " | " $3 " | " words[2] " | " cell(only) " | " cell(doing) " | " anchor(id) " |\n"
      } else if (words[1] == "refused") {
        errnos = rest; sub(/^refused /, "", errnos)
        refused = refused "| " $2 " | " $3 " | " errnos " | " cell(only) " | " anchor(id) " |\n"
      } else {
        outside = outside "| " $2 " | " $3 " | " rest " | " cell(only) " | " anchor(id) " |\n"
      }
    }
    END {
      print mark "\n# Machine: " machine "\n\n![states of " machine "](" machine ".svg)\n"
      if (permitted != "") printf "## Permitted\n\n| in | on | goes to | only if | doing | because |\n| --- | --- | --- | --- | --- | --- |\n%s\n", permitted
      if (refused != "") printf "## Refused\n\nThe state stays.\n\n| in | on | with | only if | because |\n| --- | --- | --- | --- | --- |\n%s\n", refused
      if (outside != "") {
        printf "## Outside the table\n\n*Forbidden*: the caller must not, and nothing is promised. *Unspecified*: the sources are silent. "
        printf "*Malformed*: no program at all, such as filling a slot that is in use.\n\n"
        printf "| in | on | is | only if | because |\n| --- | --- | --- | --- | --- |\n%s", outside
      }
    }' "$work/tables" > "$out/machines/$machine.md"
done

# --- requirements, with the rows that cite each -----------------------------------------------------
awk -v mark="$mark" '
  function cell(text) { gsub(/\|/, "\\|", text); return text }
  FILENAME ~ /areas$/ { split($0, f, "\t"); title[f[1]] = f[2]; next }
  FILENAME ~ /sources$/ { split($0, f, "\t"); source[f[1]] = f[2]; seen[f[1]] = f[3]; next }
  FILENAME ~ /tables$/ {
    id = $NF; gsub(/[][]/, "", id)
    if (!((id, $1) in cites)) order[id] = order[id] (order[id] == "" ? "" : " ") $1
    cites[id, $1]++
    total[id]++
    next
  }
  {
    id = $1; sub(/^DBUF-/, "", id)
    area = id; sub(/-.*/, "", area)
    text = $0; sub(/^[^ ]+ +[^ ]+ +[^ ]+ +/, "", text)
    if (area != last) {
      areas[++count] = area
      last = area
    }
    requirements[area]++
    if (total[id]) modelled[area]++
    all++
    if (total[id]) all_modelled++
    rows = ""
    if (total[id]) {
      n = split(order[id], machine, " ")
      for (i = 1; i <= n; ++i)
        rows = rows (i > 1 ? ", " : "") "[" machine[i] "](machines/" machine[i] ".md)" (cites[id, machine[i]] > 1 ? " ×" cites[id, machine[i]] : "")
    }
    body[area] = body[area] "\n### DBUF-" id "\n\n" text "\n\n" $2 ", " $3 (seen[id] == "yes" ? ", seen on a running kernel" : "") \
      " · `" source[id] "`" (rows != "" ? " · rows of " rows : "") "\n"
  }
  END {
    print mark "\n# Requirements\n"
    print "The catalogue, sentence by sentence: who must keep it (bearer), how much may be demanded in its name"
    print "(*must*: enforced or guaranteed for everybody; *documented*: on paper only; *implementation*: true of the"
    print "named driver, configuration or version), where it is written in the kernel, and which rows of the state"
    print "machines cite it. A requirement without rows is catalogued and not modelled, or is looked at by the oracle"
    print "when it compares counts.\n"
    print all " requirements, " all_modelled + 0 " of them cited by rows.\n"
    print "| area | about | requirements | cited by rows |\n| --- | --- | --- | --- |"
    for (i = 1; i <= count; ++i)
      print "| [" areas[i] "](#" tolower(areas[i]) ") | " title[areas[i]] " | " requirements[areas[i]] " | " modelled[areas[i]] + 0 " |"
    for (i = 1; i <= count; ++i)
      printf "\n## %s\n\n%s\n%s", areas[i], title[areas[i]], body[areas[i]]
  }' "$work/areas" "$work/sources" "$work/tables" "$work/requirements" > "$out/requirements.md"

# --- lists ------------------------------------------------------------------------------------------
{
  printf '%s\n# Mutants and defects\n\n## Mutants of the reference\n\n' "$mark"
  printf "Switched on as \`reference!NAME\`.\n\n| name | exporter | imitates |\n| --- | --- | --- |\n"
  "$program" list mutants | awk '{ text = $0; sub(/^[^ ]+ +[^ ]+ +/, "", text); gsub(/\|/, "\\|", text); print "| `" $1 "` | " $2 " | " text " |" }'
  printf "\n## Defects of the harness module's exporter\n\nSwitched on as \`harness:POLICY!NAME\`; the uapi header says what each does.\n\n"
  "$program" list defects | awk '$1 != "none" { print "- `" $1 "`" }'
} > "$out/mutants.md"
{
  printf "%s\n# Profiles\n\nWhat the fields mean: [profiles](../profiles.md).\n\n| kind | name | read or seen in |\n| --- | --- | --- |\n" "$mark"
  "$program" list profiles | awk '{ text = $0; sub(/^[^ ]+ +[^ ]+ +/, "", text); print "| " $1 " | `" $2 "` | " text " |" }'
} > "$out/profiles.md"
{
  printf "%s\n# Operations\n\nHow each is written: [trace format](../trace-format.md).\n\n" "$mark"
  "$program" list ops | sed 's/.*/- `&`/'
} > "$out/operations.md"

# --- help -------------------------------------------------------------------------------------------
{
  printf '%s\n# Command line\n\nAs printed by `--help`. In prose: [cli](../cli.md).\n' "$mark"
  for command in "" run vm "vm run" "vm kill" "vm bench" "vm probe" replay shrink report model "model check" \
    "model tables" "model diagram" mutants probe list; do
    printf '\n## dmabuf-conform %s\n\n```\n' "$command" | sed 's/ *$//'
    # shellcheck disable=SC2086  # words of a subcommand
    "$program" $command --help | sed 's|=[^ =]*/conformance/traces|=conformance/traces|'
    printf '```\n'
  done
} > "$out/cli.md"

# --- index ------------------------------------------------------------------------------------------
{
  printf '%s\n# Generated reference\n\nModel `%s`.\n\n' "$mark" "$model"
  printf -- '- [Requirements](requirements.md)\n- [Operations](operations.md)\n- [Profiles](profiles.md)\n'
  printf -- '- [Mutants and defects](mutants.md)\n- [Command line](cli.md)\n- Machines:\n'
  for machine in $machines; do
    printf -- '  - [%s](machines/%s.md), %s rows\n' "$machine" "$machine" "$(awk -v m="$machine" '$1 == m' "$work/tables" | wc -l)"
  done
} > "$out/README.md"

if [ $check = yes ]; then
  diff -r -q "$committed" "$out" || { echo "generate.sh: out of date; run docs/generate.sh" >&2; exit 1; }
else
  rm -rf "$committed"
  mv "$out" "$committed"
fi
