// Package repo is the only door to git. It answers what the other packages ask of a repository:
// which commit is checked out, what a name stands for, which files differ, what a commit's tree
// holds.
//
// A repository is only read. The files of a commit are written elsewhere, through an index of
// their own: nothing is left in the repository, a read-only .git will do, and several programs at
// once do not meet.
//
// Every call to git is made in the same way:
//
//   - Of the variables of git's own the child keeps those that say where the configuration is and
//     how far to search for a repository. GIT_DIR, GIT_INDEX_FILE and what else a hook sets would
//     point git at another repository than the one that was asked for.
//   - No other program is started: hooks, file-system monitors, pagers, editors, filters, external
//     differences, text conversions and password prompts are off. What a filter such as git-lfs
//     would have made of a file is taken from the working tree where the file has not changed, and
//     else left as it is stored; see [Repo.Checkout].
//   - What a user typed stands behind --end-of-options or --, so it is never taken for an option.
//   - Time and output are bounded, and a git that does not end is killed with its children.
package repo
