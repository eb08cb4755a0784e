// Package trend finds where the course of a benchmark changes: points in, segments and change
// points out. It is pure, and incremental: one more point of a series of a thousand costs some
// ten microseconds to fit and about a tenth of a millisecond to describe.
//
// A point is what a run on the main branch says of a series: its ratio to an anchor that was
// measured beside it, which does not depend on the machine, or else its median. Points are in
// the order of their commits; several may be of one commit. What follows works on x, the natural
// logarithms of the values. Zero, which has none, is a level of its own below all others.
//
// # Procedure
//
//  1. Noise. σ is the larger of 1.4826·MAD of the differences between neighbours over √2, and of
//     the mean of the smallest nine tenths of those differences over .929, both of which
//     estimate the standard deviation of normal noise and hardly see steps. The second sees
//     noise that leaves most neighbours equal, as where a count has two values. At least .05 %.
//
//  2. Partition. Of all ways to cut the series into segments of three points or more, the one
//     with the least
//
//     Σ over segments ( Σ |x − level| ) + β·(segments − 1),   β = 1.75 · ln n · σ/√2.
//
//     Absolute values make one bad run, and two, cost too little for a segment of their own.
//
//  3. Memory. Where neighbours are alike (a machine that drifts), noise looks like steps. ρ is
//     the autocorrelation at lag 1 of the distances from the levels of a first partition with
//     2β, cuts left out. Where (1+ρ)/(1−ρ) is more than 1.2, β is multiplied by it; where it is
//     more than 2, the first partition is made again with it until ρ grows no more, .9 at most.
//
//  4. Place. Every cut moves to where it fits best between the levels of both its sides.
//
//  5. Test. The cut whose two-sided Mann-Whitney p is largest is dropped, and its neighbours are
//     judged anew, until each has p ≤ .001 and p·n/2 ≤ .025; p is exact where a side has 12
//     points or fewer. The sides are the segments, 100 points of each at most. Beside memory,
//     the normal quantile of p is divided by √((1+ρ)/(1−ρ)) first. Five points have no ranks left
//     then, and 25 points often show a ρ by chance: where a side has 12 points or fewer, the
//     quantile is at least that of Student's t, with (1+ρ)/(1−ρ) times the variance, so many fewer
//     degrees of freedom and half a standard error, 1/√n, on top of ρ.
//
//  6. Size. In the same way the smallest is dropped until the medians of both sides of each are
//     at least 2 % apart, or what the policy says.
//
// What is left has a size with an interval (that of Hodges and Lehmann, which inverts the test,
// 95 %), and a range of places: those whose log likelihood, of Laplace noise of the scale on
// both sides, is within 3 of the best. The commits that lead to one of them are the suspects.
// Where no environment near the one side occurs near the other, what measures changed too, and
// Change.Environment says so: that explains more than a commit can.
//
// # Partition in one pass
//
// Let V(g) be the cost of the best partition of the points so far whose last segment has the
// level g, and F the least V of all levels. A new point x makes
//
//	V(g) ← min( V(g) + |x − g|,  F three points ago + β + Σ over the last three |x − g| ).
//
// The best level of a segment is one of its values, so that the values are levels enough; of
// many, those that lie σ/2 apart and every thirty-second part of their order are taken, forty or
// so, which moved no figure below. A value without a level near it becomes one. One more point
// costs one pass over the levels. σ, β and ρ are chosen anew at every point up to 48 and then
// whenever the series has grown by a quarter, from the first points up to there: what a series
// says depends on its points and not on when somebody asked.
//
// State and Resume carry that from one process to the next. A state counts for the points that it
// is of, by a sum over them, and is left aside otherwise: it never changes what is said.
//
// # Causes
//
// Causes groups the change points of many series: the commit that lies in the ranges of most
// steps takes them all, then that which lies in most of the others. A cause counts what it
// moved: the sum of |logarithms of ratios|, which orders causes by size and number at once.
//
// # Worked example
//
// The example of this package: 14 ratios about 1.00 that waver by .3 %, one of them 1.061, then
// eight about 1.08. The differences give σ = .0084, the bad run in them included, and so β =
// 1.75 · ln 22 · .0084/√2 = .032. Without a cut the last eight cost 8 · .08 = .64, with one .02
// and β. A segment for the bad run needs two of its neighbours, whose level would be the
// segment's: it saves nothing. All of the eight are above all of the 14: p = 2/C(22, 8) =
// 6·10⁻⁶, and p·22/2 = 7·10⁻⁵. The medians are 8.0 % apart, [7.6, 8.3], and no other place fits.
//
// # What it reaches
//
// Shares of 1,000 series of 150 points in which nothing changes: real ones, permuted and scaled
// to the robust standard deviation that is named, or invented. A step is anywhere but in the
// first and last 20 points, and found when a change point is within five of it.
//
//	noise            detector      marked  +2 %   +3 %   +5 %   +10 %
//	dedicated, .2 %  Otava         .212    .968   .985   .989   1.000
//	                 this          .003    .605   .999   1.000  1.000
//	hosted, 1.5 %    Otava         .155    .357   .623   .816   .949
//	                 this          .004    .345   .783   .911   .968
//	hosted, 3 %      Otava         .145    .064   .177   .503   .816
//	                 this          .005    .094   .348   .721   .907
//	hosted, 4.4 %    Otava         .151    .029   .067   .260   .689
//	                 this          .005    .025   .118   .459   .827
//	hosted, 7.8 %    Otava         .137    .013   .017   .062   .366
//	                 this          .005    .008   .015   .083   .535
//	normal, 2 %      Otava         .043    .655   .914   1.000  1.000
//	                 this          .001    .426   .904   .998   1.000
//	t3, 2 %          Otava         .183    .275   .636   .948   .999
//	                 this          .005    .357   .826   .982   1.000
//	AR(1) .3, 2 %    Otava         .385    .542   .814   .979   1.000
//	                 this          .003    .290   .739   .967   1.000
//
// The whole table, with creep, intervals and ranges, is pkg/gate/accuracy/changepoints/TABLE.md,
// and doc.go there says where the noise comes from. Of series of 10 to 1,000 points without a
// change at most .007 are marked, but for AR(1) noise of 20 to 50 points, where .014 are: so few
// do not tell that they wander.
//
// That is the chance at one look. Whoever looks after every run sees .02 to .10 of unchanged
// series marked at some time until they have 150 points, and .006 to .024 marked three runs in a
// row (AR(1): .21 and .07). A mark that is not there in the next runs was none. A step of +5 %
// in noise of .2 % is found within five runs in .98, in real noise of hosted runners scaled to
// 1.5 % in .50, in normal noise of 2 % in .86.
//
// With a partition of 3 in place of 1.75, σ by its first estimate alone and a test p·n/2 ≤ .05
// among 40 points, noise of hosted runners scaled to 3 % is marked in .011 of the series, and
// steps of 3, 5 and 10 % are found in .255, .634 and .886. Most of the difference is due to the
// 100 points. Huber's and Tukey's loss in place of absolute values find less in real noise (+3 %
// in .17 and .16 of series, where absolute values do in .29 at the same settings).
//
// On the 31 univariate series that come with the Turing change point data set (G. van den Burg
// and C. Williams, 2020), F1 with a margin of 5 is .745 and the cover .662. The best published
// defaults have .738 and .695, Otava's .613 and .512, and no change point at all .663 and .568.
// What keeps the cover low are smooth ramps, such as populations and gross domestic products,
// which no constant level describes.
//
// 10,000 series of 1,000 points take 6.7 s of one processor; BenchmarkCold, BenchmarkOneMore and
// BenchmarkResume say how much less one more point of each takes.
//
// # Sources
//
// Optimal partitioning: B. Jackson et al., IEEE Signal Processing Letters 12 (2005). The pass
// over levels is the functional view of it: R. Maidstone et al., Statistics and Computing 27
// (2017), here without pruning, which a cost with a kink at every value does not reward. Mann
// and Whitney, Hodges and Lehmann: see pkg/gate/stat.
//
// Note: no other module decides here, as in the rest of the gate; the partition is a loop of
// thirty lines.
package trend
