// Accuracy measures how often the gate is wrong: it plays thousands of pull
// requests through gate.Next and gate.Decide, some unchanged and some with one
// slower benchmark, beside the rules of other tools on the same draws, and
// writes the table that the documentation quotes.
//
//	go run ./pkg/gate/accuracy -pulls 1000 -o pkg/gate/accuracy/TABLE.md
//	go run ./pkg/gate/accuracy -pulls 100 -peers 0
//	go run ./pkg/gate/accuracy -pulls 4000 -peers 0 -seed 2 -source dedicated -rule 'Δ = 3 %..$'
//
// The first takes nine minutes on two processors, the second gives a first impression, the third
// writes one line in four minutes.
//
// What happens on a real machine is measured by pkg/gate/accuracy/inject. The noise of one is
// recorded by pkg/gate/accuracy/record.
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
// The sources of pairs are for the procedure of pairs, which has no history. "shared machine" and
// "beside four busy processes" are pairs of processes of one binary, recorded on a shared machine
// of two processors with the fastest of ten repetitions of 3 ms (testdata/README.md; today's
// shorter ones are quieter): a pair of one real benchmark drawn with replacement, its sides swapped
// at random, and its σ the spread of the differences over √2. The others are as above, harsh in an
// order in which the sides of a benchmark follow each other.
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
// # Held out
//
// The constants were chosen on testdata, with seeds of their own. Testdata has sessions 0, 3, 6 …
// of the dedicated machine's 23 by date, and the cloud benchmarks 0, 2, 4 … of their sorted list,
// both counted from 0. The other fifteen sessions and the other benchmarks, written into two
// files of the same form (testdata/README.md says where all of them come from), are what -data
// DIR is for. With them 2,000 pull requests of the last command above take 4.09 rounds a side,
// have false alarms of .003 and .004, and catch .967 [.958, .974] of the slowdowns by 3 %; with
// testdata 4,000 take 4.73 rounds, .004 and .004, and .939 [.931, .946]. The sessions that were
// held out are quieter, so that this says that the choice holds on other days, not that it is
// better there. The benchmarks of the dedicated machine are the same in both halves.
//
// σ is the truth about a benchmark, not what the gate saw of it: the robust standard
// deviation (1.4826·MAD) of the logarithms of all values of the real session that is
// drawn from; for harsh, of all that was drawn. A benchmark with two modes far
// apart has a small σ when one of them is rare, and may be missed all the same.
package main
