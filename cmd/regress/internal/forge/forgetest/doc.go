// Package forgetest is what every forge is tested with: names and answers of
// strangers, an HTTP server that fails on demand, and a suite that a forge with
// comments and commit statuses has to pass.
//
// A fake of one forge is a Server with a Handle that answers in the shapes of that
// forge. Every exchange can be shown to a Check, which a test file fills with a
// validator of the forge's own description of its API.
package forgetest
