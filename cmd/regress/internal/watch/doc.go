// Package watch decides what is told of a branch that became slower: causes in, actions out. It is
// pure: who posts keeps the state and hands it in.
//
//	cause.go    the causes of a page that made series worse, and what became of each series
//	mark.go     the hidden mark of what was told, by which it is found again
//	plan.go     causes and what was told before → actions
//	words.go    title, body and comment of an alert, in Markdown
//	report.go   all actions as text, Markdown and JSON
//
// # What is told
//
// Series that step at the same commit are one cause, and one cause is one alert: an issue, or
// whatever the caller keeps. A few series whose range just misses that of many others are counted
// with them. A cause is told once every series that tells of it has three runs that are certainly
// behind the step, unless
//
//   - its newest suspect is older than Input.Days: a first look at an imported history opens no
//     fifty issues;
//   - what measures changed at the same place, or there is no commit between the runs on both
//     sides: the code is no suspect then;
//   - every series is back, or waived by regress.toml;
//   - Input.Most alerts are open already.
//
// Those are counted in the report. An alert that was told is followed for ever: its text is
// renewed when it differs, and it is closed when its series are back at less than half of the
// step, when waivers accept them, or when more runs show no step at all. It is reopened when that
// no longer holds. Whom a person closed stays closed, and whom a person reopened stays open.
//
// # Found again
//
// More runs move a change point, narrow its range and add series. So an alert is not looked up by
// a name but by what it is about: its mark holds the range of commits and the series. A step
// belongs to an alert that has its series when it lies within two measured commits of the alert's
// range and no other step of the series is nearer; a cause without such a step belongs to an alert
// without a cause whose range overlaps its own. Of several alerts for one cause, as two jobs at
// once make them, the one with the lowest number stays and the others are closed as its duplicates.
package watch
