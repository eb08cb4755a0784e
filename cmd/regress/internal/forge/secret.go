package forge

import (
	"fmt"
	"io"
	"strings"
)

// Secret is a token that does not print: every verb of fmt, encoding/json and
// log/slog shows "***" in its place.
type Secret struct{ value string }

// NewSecret wraps value.
func NewSecret(value string) Secret { return Secret{value: value} }

// Format writes "***", or nothing for an empty secret, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// String is "***", or empty for an empty secret.
func (s Secret) String() string {
	if s.Empty() {
		return ""
	}
	return "***"
}

// MarshalText is String, for encoding/json and log/slog.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Empty reports whether there is no token.
func (s Secret) Empty() bool { return s.value == "" }

// Redact returns text with the token replaced by "***".
func (s Secret) Redact(text string) string {
	if s.Empty() {
		return text
	}
	return strings.ReplaceAll(text, s.value, "***")
}
