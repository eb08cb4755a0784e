//go:build !linux

package main

// hideSecrets does nothing here: what hides an environment is Linux's own.
func hideSecrets(func(string, ...any)) error { return nil }

// takeOver finds nothing that was hidden.
func takeOver() error { return nil }
