// Package placement finds the change that a regression comes from.
//
// It has two profiles of one benchmark, with the same number of iterations on
// each side, and the difference between the base's commit and the working tree.
// Where a profile grew is not where the change is: an added line shows in the
// library that it calls, a constant in the loops that it bounds, a removed
// shortcut in the lines that now always run. So every hunk is followed forward:
//
//	its own lines, those it replaced included                 1
//	what a changed loop or condition governs                  .9 to .6
//	what follows in the block, if control flow was changed    .5
//	lines that read a variable, a field, a constant or
//	a result that it determines, also in other packages       .6 and less
//	the rest of its function                                  .05
//
// A hunk that has the tokens that it had in another order, or another number in
// a calculation, can hardly cost anything itself: .3 of that. Of two names on one
// line the one that takes part in the call further down the stack counts. A file
// that is embedded is followed through its variable, and what a go statement is
// given into the function that it starts. Samples of the collector and scheduler,
// on stacks without a line of the repository, are left out.
//
// A sample counts for a hunk with the largest weight among the frames of its
// stack, inlined ones included; in the base, lines are taken for those of the
// head that they have become. What counts is head less base, so that a hunk on a
// hot line that costs what the old line did scores nothing. Of hunks that explain
// about the same growth the one deepest in the stack is taken: its callers
// inherit the growth. A function that is only called more often grows in all its
// lines alike, which does not count for the hunks in it.
//
// Where work is counted, nothing is chance, and how often which function calls which is known.
// Of a call that was there before, and happens more often, the added part is the doing of the
// line that calls, and a function that is called more often has that taken out exactly.
//
// A change is named when the hunks in its function have a part in most of the growth; else there
// is silence.
//
// The weights are judgement, not measurement: TestPlacement says how often they
// are right.
package placement
