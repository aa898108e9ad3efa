// Package sandbox runs programs that nobody vouches for: what a model wrote,
// and users' own checks. [Open] gives a core.Sandbox.
//
// A program runs in a box that is used once. A box is a set of namespaces made
// by bubblewrap: its root is read-only and holds little more than the
// interpreter, its only writable place is a memory file system of bounded size,
// it has no network, no capabilities and no user of the host's, and a seccomp
// filter refuses the system calls through which kernels are attacked. The host
// bounds wall time, processor time, memory, processes and output from outside.
// Boxes are started ahead: their interpreter is up and waits for its program.
//
// The trust boundary: everything the box says (standard output, exit status) is
// the program's word. What the host measured itself is Ran.Exceeded, Wall, and
// with control groups CPU and Memory.
package sandbox
