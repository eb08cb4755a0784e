// Changepoints measures how often pkg/gate/trend marks a series in which nothing changes, and how
// often it finds what does, beside what Apache Otava does by default, on the same draws:
//
//	go run ./pkg/gate/accuracy/changepoints -seed 2 > pkg/gate/accuracy/changepoints/TABLE.md
//	go run ./pkg/gate/accuracy/changepoints -series 100
//	go run ./pkg/gate/accuracy/changepoints -series 1 -turing DIR
//
// The first takes three minutes of two processors. The last also scores a checkout of the Turing
// change point data set, which is not part of this repository.
//
// The noise is real: the benchmarks of testdata (README.md there), each in random order, so that
// nothing changes and whatever did is noise. "Scaled" multiplies the deviations of a series'
// logarithms from their median, so that their robust standard deviation (1.4826·MAD) is the one
// named: the shape stays. Beside it stand normal noise, Student's t with 3 degrees of freedom,
// AR(1) with ρ = .3, and two that most estimates of noise misjudge: two modes 6 % apart, and a
// count that has two values.
//
// Series have 150 points. Every one is judged as it is, with a step of each size at a place drawn
// from all but the first and last 20 points, and with a creep of ten times 1 %, eight points
// apart. A step is found when a change point is within five points of it; a creep when one for
// the worse is between its first and last step. "Interval holds the size" and "range holds the
// place" are of steps that were found.
//
// The constants of trend were chosen with seed 1, and the table has another.
package main
