package config

// Template is what regress init writes: every key that Parse knows, commented
// out, with the value that is in force without it or an example. The page
// docs/configuration.md is made from it.
const Template = `# Performance regressions of this project: https://github.com/descartes/regress
# Every line that is commented out shows what is in force without it, or an example.

# project = "example.com/module"   # name in the store; default: the module path in go.mod
# budget  = "2m"                   # measuring time of one compare; building is not counted
# anchor  = "last release tag"     # head is also held against this, so that nothing creeps in, and baselines are measured beside it: "last release tag", a tag, branch or commit; default: none
# store   = ".regress"             # kept baselines: a directory, or postgres://… (better in REGRESS_STORE)

# What is measured. A benchmark is not run where neither its test binary has changed nor a
# file that it can be expected to read: those below its package, but for Go files, other
# modules, regress.toml, and text such as *.md, LICENSE, docs and .github.
[suite]
packages = ["./..."]               # where the benchmarks are, as for go test
# bench     = "."                  # which of them, as in go test -bench
# benchtime = "30ms"               # of one process, the same for every benchmark and side; or a count, "100x"; default: chosen by measuring
# timeout   = "10m"                # of one process
# inputs    = ["fixtures", "!**/*.csv"]   # files from the top of the repository that they read too or, behind "!", do not; ** is any number of folders, and the last that matches counts
# command   = ["./bench.sh", "{side}", "{bench}"]   # any program that prints the Go benchmark format; default: go test

# Names for parts of the suite, each a pattern of go test -bench: regress run parsing
[groups]
# parsing = "Parse|Lex"            # any name

# When a change counts.
[policy]
# alpha      = "1%"                # chance of any false regression in one pull request, over the whole suite
# min-effect = "5%"                # the smallest change to act on
# strict     = false               # true: a benchmark too noisy to decide fails the run

# The first rule that matches a series overrides the policy for it. Give it one of
# min-effect, tolerance and ignore.
# [[rule]]
# benchmark  = 'Parse/size=1MiB'   # regular expression of package.Name; default: every benchmark
# unit       = "ns/op"             # regular expression, or units as they are printed; default: every unit
# min-effect = "3%"                # the smallest change to act on here; the unit of counted work is "insn/op"
#
# [[rule]]
# unit      = "B/op"
# tolerance = "1%"                 # of what is compared exactly, such as B/op and allocs/op: this much growth is accepted
#
# [[rule]]
# benchmark = 'Experimental'
# ignore    = true                 # shown, never judged

# Absolute limits: name, benchmark, unit, and either below or above. One passes only
# when the confidence bound does. regress targets asks for nothing else.
# [[target]]
# name      = "parsing a page"     # as the report calls it
# benchmark = 'Parse/size=4KiB'    # regular expression of package.Name
# unit      = "ns/op"              # as it is printed
# below     = "100µs"              # a limit with a unit, or a bare number in the unit
#
# [[target]]
# name      = "pages in a second"
# benchmark = 'Pages'
# unit      = "pages/s"
# above     = "10000"              # the same, for what must not be less

# The page of regress summary.
[summary]
# columns = ["format"]             # keys of benchmark names that are columns of tables; default: the one with the fewest values
# order   = ["small", "large"]     # values in this order; default: by size, then by letter
# file    = "regress.summary.toml" # a file beside this one with more of [summary], [[recommend]] and [[gain]]; default: none

# Which value of a key of benchmark names is best, computed from the results. Blocks of
# one name make one configuration.
# [[recommend]]
# name   = "latency-critical"      # of the configuration
# choose = "format"                # the key, for names such as Parse/format=json/size=4KiB
# by     = "ns/op"                 # the unit in which one is better
# where  = 'Parse/'                # regular expression of package.Name; default: every benchmark

# What one value of a key gains over another.
# [[gain]]
# name  = "batching"               # as the page calls it
# of    = "mode=batched"           # what gains
# over  = "mode=plain"             # what it is compared with
# by    = "msg/s"                  # the unit in which it gains
# where = 'Throughput/'            # regular expression of package.Name; default: every benchmark
# claim = 1.2                      # how many times better it should be; default: nothing is claimed

# What regress watch tells of the main branch: an issue for each cause, and here.
[watch]
# page = "https://example.github.io/project/"   # linked from every alert: what regress site wrote; default: none

# The same as JSON to any address, once for one change. One that holds a token belongs into
# REGRESS_NOTIFY, not here.
# [[notify]]
# url = "https://example.com/hook"   # https, or http to this machine itself

# Who is mentioned in the issue of regress watch, by benchmark; nobody is in a pull request. Of
# several that match a benchmark the first one counts.
# [[owner]]
# benchmark = 'internal/parse\.'    # regular expression of package.Name; default: every benchmark
# handles   = ["@jane", "@acme/parsers"]   # persons and teams, as the forge mentions them

# Regressions that somebody has looked at: all four are needed. The report prints the
# exact block, and regress waive writes it.
# [[waiver]]
# series  = 'example\.com/module\.Parse/size=4KiB(-\d+)? sec/op'   # regular expression of the whole "package.Name unit"
# ceiling = "20%"                  # the largest accepted worsening; "any" for what was zero before
# reason  = "checks its input now, see #12"   # for whoever reads it next year
# expires = 2027-01-31             # the first day on which it no longer counts
`
