// Package cores counts the processors that a process can use at once. With one, whoever spins
// keeps the other side of a connection from running; Yield lets it. Where others want them,
// Crowded says so.
package cores
