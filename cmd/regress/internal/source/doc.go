// Package source finds the benchmark functions of a Go source tree by parsing
// it: which there are, and on which line each of them stands.
//
// It answers from the text alone. Nothing is built or run, so it works on code
// that does not compile on this machine and on code that must not be trusted.
package source
