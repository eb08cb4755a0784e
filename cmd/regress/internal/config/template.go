package config

// Template is what regress init writes: every key, commented, with the value
// that is in force without it.
const Template = `# Performance regressions of this project: https://github.com/descartes/regress
# Every line that is commented out shows what is in force without it.

# project = "example.com/module"   # default: the module path in go.mod
# budget  = "3m"                   # measuring time of one compare
# anchor  = "last release tag"     # default: none; held against besides the base, so that nothing creeps in; or a tag, branch, commit
# store   = ".regress"             # kept baselines: a directory, or postgres://… (better in REGRESS_STORE)

[suite]
packages = ["./..."]               # where the benchmarks are
# bench     = "."                  # which of them, as in go test -bench
# benchtime = "30ms"               # of one process, the same for every benchmark and side; or a count, "100x"
# timeout   = "10m"                # of one process
# command   = ["./bench.sh", "{side}", "{bench}"]   # any program that prints the Go benchmark format

# Names for parts of the suite: regress run parsing
[groups]
# parsing = "Parse|Lex"

[policy]
# alpha      = "1%"                # chance of any false regression in one pull request, over the whole suite
# min-effect = "5%"                # the smallest change to act on
# strict     = false               # true: a benchmark too noisy to decide fails the run

# The first rule that matches a series overrides the policy for it.
# [[rule]]
# benchmark  = 'Parse/size=1MiB'   # regular expression of package.Name
# unit       = "ns/op"
# min-effect = "3%"
#
# [[rule]]
# unit      = "B/op"               # compared exactly; this much growth is accepted
# tolerance = "1%"
#
# [[rule]]
# benchmark = 'Experimental'
# ignore    = true                 # shown, never judged

# Absolute limits. One passes only when the confidence bound does.
# [[target]]
# name      = "parsing a page"
# benchmark = 'Parse/size=4KiB'
# unit      = "ns/op"
# below     = "100µs"              # or above = "10000"

# Which value of a name key is best, computed from the results: regress summary.
# Blocks of one name make one configuration.
# [[recommend]]
# name   = "latency-critical"
# choose = "format"                # for names such as Parse/format=json/size=4KiB
# by     = "ns/op"
# where  = 'Parse/'                # default: every benchmark

# The tables of regress summary.
# [summary]
# columns = ["format"]             # default: the name key with the fewest values
# order   = ["small", "large"]     # values in this order; default: by size, then by letter

# Regressions that somebody has looked at. The report prints the exact block.
# [[waiver]]
# series  = 'example\.com/module\.Parse/size=4KiB(-\d+)? sec/op'
# ceiling = "20%"                  # the largest accepted worsening
# reason  = "checks its input now, see #12"
# expires = 2027-01-31             # the first day on which it no longer counts
`
