// Package stat holds the numbers behind a verdict: numbers in, numbers out,
// standard library only, no randomness, no state that a caller can see.
//
// Everything is distribution-free where that can be afforded. Samples are one
// value a round, usually natural logarithms, so that a shift of .05 is about
// 5 %. Functions expect finite values; none of them changes its arguments.
//
//	Median, Quantile, Scale      location and robust standard deviation (1.4826·MAD)
//	Within                       standard deviation of both sides about their own medians
//	Shifts                       the n·m differences head − base: their median is the
//	                             Hodges-Lehmann shift, their order statistics are the
//	                             interval that inverts the rank test
//	MannWhitney                  exact one-sided p, ties included
//	MedianInterval               order statistics around a median
//	Holm                         step-down correction for several tests
//	NormalQuantile               the normal distribution
//	Detectable, Rounds           what a test can see, and what it would need to
//	Crossing                     where a course leaves one level for another
//
// # Sources
//
// H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947), with
// the tables that the tests check against; J. L. Hodges and E. L. Lehmann, Annals
// of Mathematical Statistics 34 (1963); S. Holm, Scandinavian Journal of
// Statistics 6 (1979); E. L. Lehmann, Nonparametrics (1975), for midranks, for
// the interval over the differences and for 3/π = .955, the efficiency of the
// rank test on normal values. The tests compare with full enumeration, with the
// published tables, with golang.org/x/perf and with seeded simulations.
package stat
