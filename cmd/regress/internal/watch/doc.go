// Package watch decides what is told of a branch that became slower: causes in, actions out. It is
// pure: who posts keeps the state and hands it in.
//
//	cause.go    the causes of a page that made series worse, and what became of each series
//	mark.go     the hidden mark of what was told, by which it is found again
//	plan.go     causes and what was told before → actions
//	words.go    title, body and comment of an alert, in Markdown
//	event.go    one action for whoever is notified
//	report.go   all actions as text, Markdown and JSON
//
// # What is told
//
// Series that step at the same commit are one cause, and one cause is one alert: an issue, or
// whatever the caller keeps. Noise σ moves a step of size δ by up to 30·(σ/δ)² measured commits,
// 20 at most, nearly always: causes so near each other that they may be one are one, and a few
// series whose range just misses that of many others are counted with them.
//
// A cause is told once three runs are certainly behind the step and noise is no explanation: the p
// of one of its series, times the places that a step of it can have, times the series of the page,
// is 2.5 % or less. Not told is a cause
//
//   - whose newest suspect is older than Input.Days: a first look at an imported history opens no
//     fifty issues;
//   - of which what measures changed at the same place, or with no commit between the runs on both
//     sides: the code is no suspect then;
//   - whose series are all back, or waived by regress.toml;
//   - beside Input.Most alerts that are open already.
//
// Those are counted in the report. An alert that was told is followed for ever: its text is
// renewed when it differs, and it is closed when its series are back at less than half of the
// step, when waivers accept them, or when more runs show no step at all. It is reopened when that
// no longer holds. Whom a person closed stays closed, and whom a person reopened stays open.
//
// On simulated histories of 50 series with independent noise of 2 and 4 %, looked at every third
// run, a step of 5 % in all of them is 1.0 and 1.1 issues, and no step is none. Without both rules
// it was 4.5 and 9.7, and 1.5 and 2.7 where nothing changed, looked at every run.
//
// # Found again
//
// More runs move a change point, narrow its range and add series. So an alert is not looked up by
// a name but by what it is about: its mark holds the range of commits and the series. A step
// belongs to an alert that has its series when it lies within two measured commits of the alert's
// range, or as far as noise may move it, and no other step of the series is nearer; a cause
// without such a step belongs to an alert without a cause whose range overlaps its own. Of several
// alerts for one cause, as two jobs at once make them, the one with the lowest number stays and
// the others are closed as its duplicates.
package watch
