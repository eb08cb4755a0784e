#!/usr/bin/env bash
# Shows how the codecs and the event log went over this repository's own history: measures every
# twentieth commit beside one anchor, in a clone, into a store of its own, and then says what
# changed and writes the page.
#
#	bench/course.sh              # in at most 20 minutes, on a machine that has nothing else to do
#	EVERY=100 bench/course.sh    # a first impression
#
#	EVERY    every how many-th commit of the first-parent history, counted back from the newest (20)
#	ANCHOR   what each is held against (the newest)
#	MINUTES  no further commit is begun after so many (18); what is left is said
#	BENCH    which benchmarks (codecs and event log)
#	ROUNDS   processes of each, on each side (4)
#	OUT      the folder for clone, store and page (a new one below the temporary folder)
#
# A commit without these benchmarks is passed over, as is one that does not build any more.
set -euo pipefail

top=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
every=${EVERY:-20} minutes=${MINUTES:-18} rounds=${ROUNDS:-4}
bench=${BENCH:-^BenchmarkEncode$|^BenchmarkDecode$|^BenchmarkEventLog$}
out=${OUT:-$(mktemp -d "${TMPDIR:-/tmp}/regress-course-XXXXXX")}
anchor=$(git -C "$top" rev-parse --verify "${ANCHOR:-HEAD}^{commit}")
regress=$out/regress
mkdir -p "$out"
(cd "$top" && go build -o "$regress" ./cmd/regress)
[ -d "$out/clone" ] || git clone -q --no-checkout "$top" "$out/clone"
cat >"$out/regress.toml" <<END
project = "github.com/descartes/regress"
anchor  = "$anchor"
[suite]
packages  = ["./bench"]
benchtime = "10ms"
END
cd "$out/clone"
of=(--config "$out/regress.toml" --store "$out/store" --branch main)

# Counted back from the newest, which is the anchor unless another is named.
mapfile -t commits < <(git rev-list --first-parent HEAD | awk -v n="$every" 'NR % n == 0' | tac)
begun=$SECONDS n=0 kept=0
for commit in "${commits[@]}"; do
	n=$((n + 1))
	said="$(printf '%3d of %d, %4d s  %s' "$n" "${#commits[@]}" $((SECONDS - begun)) "$(git log -1 --format='%h %cs %s' "$commit" | cut -c 1-70)")"
	if [ $((SECONDS - begun)) -ge $((60 * minutes)) ]; then
		echo "$(( ${#commits[@]} - n + 1 )) commits are left: $minutes minutes are over"
		break
	fi
	if ! git grep -qE 'func BenchmarkE(ncode|ventLog)\(' "$commit" -- bench; then
		echo "$said: has none of these benchmarks"
		continue
	fi
	git checkout -q --force --detach "$commit"
	rm -f "$out/last.log"
	if "$regress" baseline update "${of[@]}" --bench "$bench" --rounds "$rounds" --output "$out/last.log" >"$out/last.txt" 2>&1; then
		kept=$((kept + 1))
		echo "$said"
	else
		echo "$said: $(tail -n 1 "$out/last.txt")"
	fi
done
[ "$kept" -gt 0 ] || [ -d "$out/store" ] || { echo "nothing was measured: the last answer is in $out/last.txt" >&2; exit 1; }
git checkout -q --force --detach "$anchor"
echo
"$regress" trend "${of[@]}" --changes 100000
echo
"$regress" site "${of[@]}" -o "$out/site"
