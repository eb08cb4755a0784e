// Package bisect finds the commit of a history that made a benchmark slower, from measurements
// that may err. It is a pure function of what was measured: a History in, a Belief and the next
// Step out.
//
// # What is measured
//
// The first commit of a history (0) is good, the last is bad, and the shift between them is the
// whole. A measurement of commit m beside both in one session says which share of the whole lies
// between 0 and m: near 0, and the culprit comes later; near 1, and m has it already. Anything in
// between means that more than one commit took part. Shares have no unit, so that times and counts
// are treated alike.
//
// # Belief
//
// Every commit has a probability of being the one, by Bayes' rule. A reading is as likely as a
// Student t about the share that a hypothesis expects, with the error of the reading and that of
// the model (other commits move a benchmark a little, too) as its scale. Three readings in a
// thousand may say anything at all: that bounds what one unlucky measurement can do, so that what
// contradicts it later wins. The hypotheses:
//
//   - One commit took the whole step (prior .9, all commits alike).
//   - A commit took it, one that says it takes another back did so, and a later commit took it
//     again (.1 of those .9, where the history has such commits). The later one is the answer: the
//     bad commit is slow because of it.
//   - Several commits did (.1): the share at every commit is anything between 0 and 1, each as
//     likely, and no commit takes more than half.
//
// The next commit is the one of which it is least known on which side it stands, the median of the
// belief (probabilistic bisection, Horstein 1963; Burnashev and Zigangirov 1974). Once .99 lie on
// one commit it is measured against its parent directly, which is one more reading, and may refute
// it. Where several commits are likelier than .9 the widest step is divided until every part is
// one commit or small, and the answer is the list of parts.
//
// A commit that cannot be measured is never asked for, and stands with its neighbours in one cell:
// the answer is then a range. Commits with the same program are on the same side.
//
// # What it reaches
//
// TestOneCulprit: 3,000 simulated histories of 8 to 127 steps, one reading in fifty off by
// anything. Of 2,960 claims at .99 one was wrong. With an error of up to .15 of the step in one
// session, all but one of 2,000 end with a claim, and 97 of a hundred cost at most 3·log2(commits)
// comparisons of two revisions, the confirmation included; with .3, 93 and 62 of a hundred.
package bisect
