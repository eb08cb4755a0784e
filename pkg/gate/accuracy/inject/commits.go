package main

// realCommit is a commit of a public repository that claims to change nothing that a benchmark
// could tell, beside the commit before it. The module proxy has every commit, by its hash.
type realCommit struct{ path, base, head, subject string }

// commits were chosen by their subject alone, before anything was counted, among those that touch
// code which the benchmarks at the top of the module have in their binary.
var commits = []realCommit{
	{"github.com/go-chi/chi/v5", "a36a925a6a19", "be60b2ec5755", "Simplify chi.walk with slices.Concat"},
	{"github.com/go-chi/chi/v5", "cf537d4016bf", "0265fcd786c9", "refactor: iterative wildcard collapsing and add test for consecutive wildcards"},
	{"github.com/go-chi/chi/v5", "71307f9b7e4e", "877e8762059c", "Use strings.Cut in a few places"},
	{"github.com/go-chi/chi/v5", "779d661a0ce1", "355dd04bad97", "Fix typos in comments and variable names"},
	{"go.uber.org/zap", "c58bc945dcc2", "2e615d88d0eb", "CheckedEntry: avoid using deprecated Should internally"},
	{"go.uber.org/zap", "c087e079edef", "3f20106b7d58", "lint: Remove redundant embedded field accesses"},
	{"go.uber.org/zap", "9a36792d581a", "2b359631a1fa", "lint: Enable errcheck, fix failures"},
	{"github.com/expr-lang/expr", "1973835b26fd", "e5ee6c245bbf", "Rename `DisableSC` to `ShortCircuit` for better clarity and consistency"},
	{"github.com/expr-lang/expr", "af3227733347", "9dc8bb93cc90", "refactor(conf): avoid type assertion in map case branch"},
	{"github.com/expr-lang/expr", "bca1aaa9022b", "1b3c10c0ef68", "Simplify abs"},
	{"github.com/yuin/goldmark", "db34c99a0722", "d8b123c855fc", "refactor: simplify codes"},
	{"github.com/yuin/goldmark", "85b270b4721a", "31bbeb28fd68", "Cleanup codes"},
	{"github.com/yuin/goldmark", "25bdeb0feed3", "dc32f358086f", "Fix lint errors"},
	{"github.com/yuin/goldmark", "ac565436328f", "9b02182dd0d3", "Apply linters"},
	{"github.com/BurntSushi/toml", "a473c125bce7", "4b439bf5c6ef", "Remove itemNil"},
	{"github.com/BurntSushi/toml", "1121f81c60f5", "c8ca9e6c2d59", "Remove unreachable condition"},
	{"github.com/BurntSushi/toml", "1905bd7b6af5", "b41de9386d73", "Remove unused code"},
	{"github.com/BurntSushi/toml", "4b439bf5c6ef", "011fa2bc64ce", "Ensure constant format strings in wf calls"},
	{"github.com/bits-and-blooms/bitset", "cc750a01e641", "e474038f9ea3", "simplify"},
	{"github.com/bits-and-blooms/bitset", "f4c002cb86bd", "f5240a875565", "simplify code with wordMask"},
}
