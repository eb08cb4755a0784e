// Command culprit measures how often regress bisect finds the commit: thirty constructed histories
// of 64 commits of a public package (github.com/BurntSushi/toml), whose own benchmark of a large
// document is made slower in a known way, and real ones whose culprit is known. TABLE.md has what
// was seen.
//
//	go run ./pkg/gate/accuracy/culprit            all of them, one after another
//	go run ./pkg/gate/accuracy/culprit -only 3%   those whose name has that in it
//	go run ./pkg/gate/accuracy/culprit -compete 4 beside four processes that compute
//	go run ./pkg/gate/accuracy/culprit -list      says what there is and measures nothing
//	go run ./pkg/gate/accuracy/culprit -real DIR  real ones, in the clones DIR/dns, DIR/expr, …
//
// Every commit changes the layout of the program by a little code that runs once. A slowdown is a
// loop in Decode whose length was found by timing it once, on an AMD EPYC: on another processor it
// is another part of the time. The kinds:
//
//	one      a commit makes the benchmark slower by 3, 5, 10 or 30 %
//	two      two commits do, by 10 % each: the list of parts must have both and no other
//	creep    every commit does, by a little: no one may be named
//	revert   a commit does, it is taken back, and done again: the later one is the answer
//	broken   the commits before the culprit do not build: the answer is the range of them
//	merge    the culprit is on a branch that was merged
//	edited   the benchmark itself does twice as much from another commit on
//
// It prints a line for each history and the sums: how many were right, wrong answers among those,
// and what they cost against 3·log2(commits) comparisons of two revisions. The load is that of the
// machine when the search ended.
package main
