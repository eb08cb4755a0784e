// Accuracy measures how often the gate is wrong: it plays thousands of pull
// requests through gate.Next and gate.Decide, some unchanged and some with one
// slower benchmark, beside the rules of other tools on the same draws, and
// writes the table that the documentation quotes.
//
//	go run ./pkg/gate/accuracy -o pkg/gate/accuracy/TABLE.md     # some twenty minutes on two processors
//	go run ./pkg/gate/accuracy -pulls 100 -peers 0               # a first impression
//
// What happens on a real machine is measured by pkg/gate/accuracy/inject.
//
// The noise comes from three sources. "dedicated" and "cloud" are real
// measurements (testdata/README.md): a benchmark of a pull request is one real
// benchmark in one real session, each of its processes a line of that session
// drawn with replacement, all units of the line together. "harsh" is
// invented and worse than any machine that one should measure on: lognormal
// standard deviations of median 1.2 %, t4 tails, 5 % of the values up to half
// as slow again, 15 % of the benchmarks with two modes 8 % apart, and a drift of
// the whole machine (AR(1), 1 %, φ .95) through the rounds, whose order is
// drawn at random as measuring does.
//
// The history that the gate is given is learnt by gate.Learn: for dedicated from the
// other sessions of the same benchmark, elsewhere from five sessions of six
// further draws. "History ÷ 3" divides what was learnt by three.
//
// A false alarm is any series called slower in a pull request that changed
// nothing. Power is how often one slower benchmark among 500 is called so; it is drawn
// at random, and its other units stay as they are. What else survived the screen of the unchanged
// pull request takes its part of the budget for false alarms from it.
//
// σ is the truth about a benchmark, not what the gate saw of it: the robust standard
// deviation (1.4826·MAD) of the logarithms of all values of the real session that is
// drawn from; for harsh, of all that was drawn. A benchmark with two modes far
// apart has a small σ when one of them is rare, and may be missed all the same.
package main
