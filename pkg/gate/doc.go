// Package gate decides: samples, a policy, targets and waivers in, a Decision
// out. It is a pure function; it sees no store, no clock and no random source,
// so that a verdict can be replayed from the raw log on any machine.
//
// The promise is that of a hundred pull requests that change nothing at most
// one is called slower, over all benchmarks and units together, and that every
// green says what it could not have seen.
//
// Most callers need two functions: ingest.Read makes a log of what go test -bench
// printed, and Decide judges it, as the example shows. Who measures too asks Next what to run until
// it is empty. A decision is data: rows, each with a Verdict and a Reason, and the Grounds of an
// outcome that is not Pass. package choice compares the values of a key in the names of benchmarks.
//
// What follows is the procedure. Its constants are in staged.go and count.go; pkg/gate/accuracy
// measures what it reaches, in pkg/gate/accuracy/TABLE.md, and its test fails when a constant is
// made worse.
//
// # What is compared
//
// One process of one side gives one value for each series (a benchmark in one
// unit): a round. Values inside a process share its memory layout and its moment,
// so -count repetitions inside one count once, as their median. Values are taken as natural
// logarithms and turned so that larger is worse; a shift of .05 is "5 % slower"
// or, for a rate, "4.9 % lower". The shift d between two sides is that of Hodges
// and Lehmann: the median of all n² differences head − base. It shrugs off a
// spike that would move a mean.
//
// A rate that is a constant over sec/op in every round (B/s, msg/s) is the same
// number twice. It is judged once, and its row repeats the verdict.
//
// # Two stages
//
// A log whose Procedure is "two-stage" was measured as Next asked: base and head
// in random order within each increment, only undecided benchmarks again. The
// log alone says where each benchmark stands. Let Δ be the smallest change to
// act on (5 %), L = ln(1+Δ), α = .01, s the standard deviation of one round.
//
// Screen. Looks at n = 2, 3, 4, 6 and 8 rounds a side. A series passes, and costs
// nothing more, as soon as
//
//	d + z·s·√(2/n)·1.05 < .7·L        z = 2.5 at n = 2, then 2.3
//
// where s is what past sessions say of this series on this class of machine while n < 4,
// and from then on the larger of that and 1.4826·MAD of this sample about its
// sides' medians, times 1 + 1/n. Since the past may be wrong about today, at n
// = 2 and 3 the range of each side must also stay below 6·s + .3·L. Without
// a past the first look is at n = 4. The left side is the claim that the report
// makes: "less than 1.8 % slower".
//
// Confirmation. When every screen is over, the series that did not pass are
// measured on: fresh rounds, and nothing of the screen enters the test. The screen says only
// how much of the budget a series is worth: its stake is 1 when it seemed slower by L/2
// or more, which is what a regression of Δ nearly always does, and .1 otherwise. Let K be
// the sum of all stakes. Looks at n = 8, 12, 20 and 34 fresh rounds a side, with shares
// w = .2, .2, .2, .4 of the series' part of the budget.
//
//	p = min over looks of (exact one-sided Mann-Whitney p) / w
//	regressed     p ≤ α·stake/K and d ≥ L/2
//	unchanged     as in the screen, on fresh rounds alone
//	too noisy     MDE > 1.5·L and d < MDE/2, from n = 12 on; at the end of the screen
//	              MDE > 2·L, at all of α, and d < MDE/2: not confirmed, but counted in K with 1
//	              MDE = s·√(2/34)·1.05·(z(.4·α·stake/K) + .84)
//
// From eight rounds on s is what the sample shows and the past is forgotten: by
// then it can only be wrong. Holm's steps follow: what is rejected takes its stake
// out of K for the others. What is open at n = 34 stays inconclusive, as a note.
//
// Why the screen goes on to eight: every survivor takes its stake from all others, and nearly all
// of 500 are noise. Two rounds more, on the six that are there, send a third of them away for
// good, and leave a slowdown more of the budget than they take from it. The same rounds measured
// afresh, as a first look that can only pass, cost more and let more slowdowns through. And eight
// rounds know a spread so badly that what they call too noisy by a hair is often only unlucky:
// twelve do. What is too noisy by far is let go with the screen: on a busy machine that is most
// of what survives, and fresh rounds of it would buy nothing.
//
// Improvements are sought the other way about and spend none of the budget. A
// series that passes and seems better by L/2 or more is measured to the end of the
// screen; if every round of head beats every round of base there, eight fresh
// rounds test it, at α over the number of such series. So are those that were too noisy to pass,
// whether fresh rounds or counted work let them go.
//
// Every row carries the change that it would have shown four times in five
// (Detectable): it must not pass the screen's last look, lie above the floor when
// it is tested, and be told from noise by 34 fresh rounds. With a quiet
// benchmark and Δ = 5 % that is about 3 %.
//
// # Pairs
//
// Two stages draw the order of all processes of an increment, so that a machine that is slow for a
// minute weighs on both sides alike; it weighs all the same. On a shared machine it is most of the
// noise. A log whose Procedure is "paired" has the sides of a round right after each other, which
// of them first is drawn at random, and everything is reckoned from the differences d_i = head_i −
// base_i within the rounds: what both have in common is not in them.
//
// The value of a process. It prints many short repetitions of a fixed number of iterations, the
// same on both sides. What else the machine does can only lengthen some of them, so that the value
// of a time is a low quantile: the second fastest, of fewer than twenty the fastest; of a rate that
// rises where the time falls a high one; of all other units the median.
//
// The stages are those above, with these figures. The screen looks at n = 4, 6 and 8 rounds; s is
// what the differences show, 1.4826·MAD·(1+1/n) over √2, so that the formulas stay as they are, and
// the past, which knows no pairs, has no say. A pass also needs z·s·√(2/n)·1.05 < L: without it
// four differences that are large and happen to be negative would pass as "better if anything".
// Fresh rounds are looked at when there are 12, 16, 24 and 40, with shares .2, .2, .2 and .4. d is
// the median of all means of two differences, and
//
//	p = min over looks of (exact one-sided signed-rank p by sign flips) / w
//
// whose least value is 2⁻ⁿ: 1/4096 at the first look. An improvement is tested on 12 fresh rounds,
// also where head beat base in all rounds of a screen that was too noisy to pass.
//
// Fresh rounds run programs that are linked anew, with their functions in an order, and their data
// in places, drawn for each round and each side (Want.Shuffled). A loop may take a third longer or
// shorter by where it lies alone: of ten public modules, each with a commit that moves functions
// and changes nothing, two were red without this, and right about the two programs. So may what
// reads a constant that lies across the end of a line of the cache: three variables more anywhere
// in the program made xxhash of 16 bytes slower by 26 %. With it both are chance like any other.
// What depends on them by more than Δ ends too noisy, and is judged by its work.
//
// What a low quantile hides is a slowdown of some of the repetitions: collections, and work that
// has two speeds. So the medians of the repetitions are looked at too. Where those of a time that
// passes are worse by L/2 at the lower end of their own bound, d − z·s·√(2/n)·1.05, they are
// measured to the end of the screen and confirmed as one more series with a stake of 1. A row whose
// medians moved otherwise than its value says so (Row.Middle), and bytes and allocations are judged
// beside the time, because what they cost comes later.
//
// # Work
//
// Where something counts the user instructions of a benchmark (Log.Counter), what time can neither
// let go of in the screen nor confirm is counted: insn/op, which does not depend on what else the
// machine does, and wavers by a few hundredths of a per cent. Time comes first, because it is what
// is promised, and because on a quiet machine four pairs cost less than two counts. The rule:
//
//  1. Time decides alone wherever it can. What passes is not counted, and a count never overrules
//     its verdict.
//
//  2. Two counts a side; where those of a side lie more than .5 % apart a third, then two more;
//     where five are more than 1.5 % apart, counting says nothing of this benchmark.
//
//  3. Grown by less than 1 %, and the work covers the time (at least 80 % of it in user mode, less
//     than 15 % in the kernel, no other processes), and no bytes or allocations have grown: "same
//     work". That is the verdict at once where the screen gave up or showed less than L/2, and
//     after the confirmation where that ends too noisy or without an answer.
//
//  4. Grown by .9·L of insn/op or more, L that of insn/op, all counts of head above all of base's:
//     fresh counts, 6, 8 and 12 a side in an order that knows no sides, with shares .3, .3 and .4
//     of a stake of 1 in the same family:
//
//     p = min over looks of (exact one-sided Mann-Whitney p) / w ≤ α/K, and d ≥ .9·L: regressed
//
//     They are asked for in one go as far as the first look at which that can be.
//
//     Not L, because what a repetition does once does not grow: toml's Escapes, done a hundred and
//     five times instead of a hundred, has 4.98 % more instructions.
//
//     It is a claim about work: "does 12 % more", not "takes 12 % longer". Where the time is judged
//     and not slower it is a note; and where the time is red already no further count is asked for,
//     so that an accepted slowdown does not stay undecided by its work.
//
//  5. Anything between is a note, and makes the stake of the time 1. So is less work.
//
// The test makes red by a count as safe as red by a time: a count that is several times too large
// now and then, because garbage was collected meanwhile, is as likely to be head's as base's. What
// counts cannot acquit, and no verdict here claims: caches, branches, locks, waiting and the
// kernel. A program whose branches became unpredictable has the same count at twice the time. That
// is why every row of the same work says which change of its time could have been seen.
//
// # Shards
//
// A suite may be divided among several machines (Log.Shards). When one of them stops no other is
// known, so each shard is a family of its own with an equal part of the budget, α/N, for times,
// counts and crashes alike. Then what each decided for itself is what all logs together say, and
// a false alarm comes at most as often as with one family of α (Bonferroni over the shards). The
// price is the smaller level: with five shards a lone slow benchmark needs p ≤ .002. A shard of
// which there is no log leaves the decision undecided, whatever others say, unless one is red.
//
// # A worked example
//
// Forty benchmarks, Δ = 5 %, so L = .0488. PingPong has s = .6 % from past sessions. Two rounds a
// side: base 240 and 242 ns, head 241 and 243. The four differences of logarithms are −.0041,
// .0041, .0042 and .0124; d = .0041. The bound is .0041 + 2.5·.006·√(2/2)·1.05 = .0199 < .7·.0488
// = .0342, and both ranges, .0083 and .0083, are below 6·.006 + .3·.0488 = .0506: "less than 2 %
// slower", after two rounds. Another benchmark, with the same s, shows 6 % and still does at n =
// 8: a stake of 1. With one more like it K = 2; a noisy one that showed 1 % would add .1. Eight
// fresh rounds a side: all of head's above all of base's has p = 1/C(16,8) = 1/12870 = .000078;
// over .2 that is .00039 ≤ .01/2. Red, on 16 rounds.
//
// # What it reaches
//
// Measured by pkg/gate/accuracy on resampled real sessions of a dedicated machine; TABLE.md
// has cloud machines, invented harsh noise, and other tools on the same draws. Of pairs, it has
// resampled ones that were recorded on a shared machine, and the other noise drawn in pairs. What
// counts judge is not in these figures.
//
//	                          rounds   false alarm a pull request    power, lone among 500
//	                          a side   m = 50   m = 500              +3 %   +5 %   +10 %
//	benchstat n=10, p<.05     10       .73      1.0                  .91    .95    .98
//	   and ≥ 3 %              10       .11      .52                  .50    .94    .98
//	   n=20, Benjamini-H.     20       .01      .02                  .78    .84    .95
//	this, Δ = 5 %             3.3      .002     .003                 .34    .96    .993
//	   noise 5 × the history  3.4      .002     .003                 .22    .96    .993
//	this, Δ = 3 %             4.7      .001     .007                 .92    .98    .994
//
//	pairs, Δ = 5 %
//	   dedicated              5.5      .002     .002                 .29    .96    .990
//	   harsh                  10.8     .007     .008                 .32    .76    .96
//	   shared machine         10.4     .008     .007                 .34    .75    .91
//	      four busy processes 10.8     .002     .002                 .32    .59    .74
//
// Shares of 1,000 pull requests (other tools: 400): .003 is known to lie between .001 and .009,
// .96 between .95 and .97. Four thousand more at Δ = 3 % with another seed have .004 and .004,
// and catch .939 of the slowdowns by 3 %, known to lie between .931 and .946. Cloud machines have
// false alarms of .004 at most; harsh noise .009, and .010 where it is two or three times the
// history. Of a slowdown of 3 % with Δ = 3 % it finds .97 where s is below .5 %, .95 up to 1.5 %,
// .84 up to 2.5 % and .55 above; nearly half of what it misses ends inconclusive or too noisy,
// and says so.
//
// # Why it holds
//
// Given the screen, which benchmarks are confirmed is fixed, and the labels
// "base" and "head" of the fresh rounds are exchangeable if nothing changed, because their
// order was drawn at random: over the increment in two stages, within each round in pairs. So every
// look's p is exact, ties included (subsets of midranks, or choices of signs, are counted, not
// approximated). The shares sum to 1: the chance that any look
// rejects is at most α·stake/K. Stakes are fixed before the first fresh round, and
// Bonferroni and Holm with weights ask nothing of how benchmarks hang together (Holm 1979, §4).
// Passing early, or being too noisy, only takes chances away. The noise
// model (s, z, MDE) decides what a measurement costs and what is missed, never what is red.
//
// What is not proven, and how it is met:
//   - Exchangeability is within an increment. Drift inside one is randomised;
//     a machine that is slower whenever head runs (a thermal limit that only head's
//     build reaches) is a difference that no test tells from the code.
//   - Two builds of one source differ by where the linker puts functions and data; that is a real,
//     reproducible shift and no false alarm to the test. The floor d ≥ L/2 is for it; in pairs,
//     which are quiet enough to see more of it, so are the shuffled programs of the confirmation.
//   - Power is measured, not proven: it depends on the noise.
//   - Where K is not final (the budget ended a screen), unfinished screens are
//     counted as survivors with a stake of 1, which is the most they can have.
//   - No procedure reaches 5 % where s > 3.3 %: n = 2s²(z_α+z_β)²/(.955·L²)
//     rounds would be needed. Such rows carry their detectable change instead.
//
// # Fixed rounds
//
// Both sides in a log without a procedure, such as two outputs of go test -count=10.
// One rank test for each series, Holm over all of them, the same floor d ≥ L/2.
// Unchanged is claimed by the bound of the screen, never by the absence of a
// significant difference. With too few rounds to reject at all (C(2n,n) < m/α) or
// fewer than four without a past, a row is inconclusive and says how many would do.
// Nobody drew the order at random: the decision says that too.
//
// # A stored baseline
//
// Head alone, against stored sessions of the same fingerprint. More samples do not help
// there: the difference between two days is not the code's. So it never makes a measured
// unit red. From ten sessions and three rounds on it may pass a series:
//
//	d + 2·√(τ²(1 + 1.57/H) + (1.25·s)²/n) < .8·L
//
// with d the difference of head's median from the median of the H session medians, and τ their
// robust standard deviation, the run-wide factor included, because today's is not known. Sessions
// before the last change point (pkg/gate/trend) do not count. Counted work decides nothing there,
// nor is it missed: another toolchain or counter counts otherwise, and not every machine of a
// class has one. Everything else is inconclusive until it is confirmed side by side. On 23 real
// sessions of a dedicated machine it passed 96 % of unchanged series, and 0.9 % of those that were
// 5 % slower.
//
// # An anchor
//
// Ten changes of +1 % are none of them +5 %, so a gate that looks at the merge base alone
// never sees them. An anchor is an older commit, such as the last release, that is
// measured in the same random order, and its comparison with head is one more series of the
// same family: screened, confirmed and tested as above, K counted over both, so that α
// is that of the whole pull request. A round of head serves both comparisons, and where one of
// them is decided its other side is not run on; rounds that only head has are left out of that
// comparison.
//
// What is slower than the anchor and not red against base has crept, and is red like a
// missed target: "no slower than the release by Δ" is a promise, whoever broke it. A waiver covers
// it as it covers a regression. Who proves to run base's own code is not guilty: there
// it is a remark. What the anchor does not have is new since, and what failed there
// is only not held against it. In the ten steps above, with s = .5 %, base is never red
// and the anchor is at the third or the fourth (ten starts; TestCreep).
//
// # Crashes
//
// A process that dies (a crash, a time-out, a failure) is a random event like a time: many
// benchmarks fail in some processes at every commit. So deaths are counted on both
// sides, and head is red for them only where they are more frequent there than chance
// allows. With x of n processes dead at head and y of m at base, each as likely,
//
//	p = P(head has x or more of the x + y deaths) = Σ C(n,k)·C(m,x+y−k) / C(n+m,x+y)
//
// which is Fisher's exact test. In a log with any death half of α is for deaths and half
// for times; both shares are divided among the series that they are for. Which
// benchmarks have a death on either side depends on no label, so K, their number,
// may divide the share. Next asks for processes of both sides up to n = 8, 16 and 32,
// with shares w = .5, .3, .2. Where there are more than n by then, those too many of head
// are taken to be its dead ones:
//
//	red           p ≤ .5·α·w/K at a look
//	a warning     p > .25, from six processes a side on: "fails now and then: 1 of 8
//	              processes"; the times that there are decide
//	undecided     otherwise: the next look tells, or no further one does
//
// What dies every time at head and never at base is red after eight processes a side for
// K ≤ 32: 1/C(16,8) = .00008; seven of eight is still (.0007, K ≤ 3). Of benchmarks that die as
// often at base, at rates of 1 to 30 %, no suite of six was red in 400 at each rate
// (TestFlakyCrashes); the bound is .005. A log that nobody can add to is tested once,
// with w = 1: two of two against none of two has p = 1/6 and stays undecided. In a text that
// regress did not measure, so does any death of head that is not red: how many processes printed
// its lines is not known, and ten lines in front of a crash may be of the one that died.
//
// A time-out counts as a death; it may be a lock that is lost now and then. One that is lost every
// time costs eight time-outs to be sure of, or the budget, and is undecided until
// then. A package that head does not build and base ran is red at once: a compiler throws
// no dice. A benchmark whose processes all died on a side has no time to judge.
//
// # What is shown
//
// The change of a row is the shift d, of the rounds of the look that decided, and its
// interval is of d. The medians of the two sides need not lie that far apart, so they
// are not shown. Base's center is the median of all those rounds once d is taken out of head's,
// and head's center is base's times e^d: what stands beside a change divides to it.
//
// # Edited benchmarks
//
// Where the source of a benchmark is another one at base (Log.Edited), its two numbers are of
// two programs. They are shown and not compared, and a limit of the decision names it.
//
// # Exact units
//
// B/op, allocs/op and sizes are compared as they are: beyond the tolerance of the policy is
// regressed, 0 → N always. That holds where both sides agree with themselves in every round.
// Often they do not: in 115 of 322 sessions of real benchmarks allocs/op wavers on unchanged
// code, B/op in 207, with how often a buffer grew before b.N was reached. Such a series is judged
// as a measurement, with Δ. And because a count that wavers seldom may look constant for two
// rounds, two stages ask for eight rounds before a constant difference is red; a single round
// shows a difference below 1 % as inconclusive. Against a stored baseline a constant count may be
// red: it does not depend on the day.
//
// # Targets
//
// The whole 95 % interval of the median of head's rounds, by order statistics, must lie on
// the right side of the limit; the margin is reckoned from its wrong end. Below six
// rounds the interval is the range, at the level that it has, 1 − 2·2⁻ⁿ. One or two
// rounds show no spread: then even twice the worst must do. An interval that
// straddles the limit is undecided; a target that nothing matched was not measured.
//
// # The outcome
//
//	fail (1)       a series regressed, or crept; a target is missed; a benchmark dies more
//	               often at head than chance allows; a package that base ran is not built
//	               at head; with Strict, any inconclusive row
//	undecided (3)  otherwise: a row is inconclusive and more measuring would tell
//	               (a budget that ran out, too few rounds, a stored baseline); a
//	               benchmark is missing from head; it dies, and how often on each side
//	               does not tell why; it printed a broken line; a line that should have
//	               been a result is not; a target, or what is held against an anchor, is
//	               undecided; a target is not measured; nothing was judged
//	pass (0)       otherwise. Notes that do not stop it: too noisy, or 34 fresh
//	               rounds without an answer; new; removed; waived; not judged
//
// A benchmark is judged when its time or its work was, or when its code is proven the same. What
// never moves, a count of allocations or a constant metric, judges none, unless a rule leaves the
// time out. A decision on which none was judged is no pass.
// Where base was measured and has none of head's benchmarks, or has them in another
// form, nothing is to blame: that is a pass, and says so. Missing means that base
// printed it and head did not, though head's source still declares its function (or
// nothing is known of the source); removed that the function is gone.
//
// A waiver covers a regression up to its ceiling (the size of the relative change, either way)
// until it expires; infinity covers a change from zero. One that matches nothing is a warning.
package gate
