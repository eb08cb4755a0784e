// Package pattern connects more than two processes: groups of connections with names, over any
// transport.
//
//	pattern     here                           the other processes
//	fan-out     Group.SendAny, answers by Recv one ipc.Conn each
//	fan-in      Group.Recv or Peek             one ipc.Conn each
//	broadcast   Group.SendAll                  one ipc.Conn each
//	gather      SendAll, then Recv as often    one ipc.Conn each
//	pipeline    Pipeline, through its parent   one ipc.Conn each, or Relay
//	            Relay between any two          Relay
//	mesh        Join: a Group of all others    Join
//
// It carries bytes, knows no transport and no codec, and no transport knows it: a member is any
// ipc.Conn. The processes at the other ends need nothing of this package, but for Join.
//
// # Dying members
//
// A member that dies or leaves is reported once by Recv, as a *MemberError with its name and
// after its last message, and dropped from the group; the group goes on. A call that could not
// send to it reports it too, and from then on SendAny and SendAll pass it over. The report
// counts the messages sent to it and received from it: what was sent and not answered may be
// lost with it, and this package does not guess which.
//
// # Slow members
//
// With Options.NoWait unset a slow member holds its sender back: Send and SendAll wait, SendAny
// waits when every member is full, until the context or Options.Timeout ends with ErrTimeout.
// With NoWait they return ErrFull. Both name the members that did not get the message; the
// others have it.
//
// A receiving group takes turns of 64 messages: of two that have some, the one that floods the
// group delays the other by one turn. A member that had nothing to say in 256 turns of others is
// left to a goroutine, for a look at a socket is a system call: its next message is heard when
// the scheduler has run that, which takes microseconds on a free processor and some ten
// milliseconds with GOMAXPROCS=1.
//
// # Waiting
//
// A group polls its members for a short time that adapts to how often it pays, giving its core
// to others in between, because with more processes than cores the answer it waits for is often
// made on that core. Then each connection waits in its own transport's way, in a goroutine that
// is there from the first such wait on; an idle group costs its process no CPU. A pipeline waits
// as a group does, but while a stage is full and messages for it are there: then it looks every
// millisecond.
package pattern
