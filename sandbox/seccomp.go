//go:build linux && (amd64 || arm64)

package sandbox

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// The filter refuses by list, and everything newer than the list: a system call
// that did not exist when the list was written answers ENOSYS, as on an older
// kernel. So an interpreter needs no list of all it may use, and a new way into
// the kernel is closed until somebody has looked at it.
//
// Refused is what no program under test needs and what escapes are made of:
// namespaces and mounts, other processes' memory, keys, BPF, io_uring,
// userfaultfd, performance counters, modules, clocks, and file handles.
var refused = []uint32{
	// other processes
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_KCMP, unix.SYS_PIDFD_GETFD,
	unix.SYS_PROCESS_MADVISE, unix.SYS_PROCESS_MRELEASE,
	// mounts and namespaces
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE,
	unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR,
	unix.SYS_SETNS, unix.SYS_UNSHARE,
	// parts of the kernel with a history
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	unix.SYS_VMSPLICE, unix.SYS_MEMFD_SECRET, unix.SYS_PERSONALITY, unix.SYS_REMAP_FILE_PAGES,
	unix.SYS_MBIND, unix.SYS_SET_MEMPOLICY, unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES, unix.SYS_SET_MEMPOLICY_HOME_NODE,
	unix.SYS_FANOTIFY_INIT, unix.SYS_FANOTIFY_MARK,
	unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_LOOKUP_DCOOKIE,
	// the machine
	unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
	unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD,
	unix.SYS_SYSLOG, unix.SYS_VHANGUP, unix.SYS_NFSSERVCTL, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
	unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_ADJTIMEX, unix.SYS_CLOCK_ADJTIME,
}

// newestCall is the last system call that was looked at: set_mempolicy_home_node.
// Later ones (of which only conveniences are missed) answer ENOSYS.
const newestCall = unix.SYS_SET_MEMPOLICY_HOME_NODE

// newNamespaces are the flags of clone that make namespaces.
const newNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWTIME

// Offsets into struct seccomp_data, on little-endian machines.
const (
	dataCall = 0
	dataArch = 4
	dataArg0 = 16
	dataArg1 = 24
)

func retErrno(e unix.Errno) bpf.RetConstant {
	return bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(e)}
}

// filter assembles the program as bubblewrap reads it: struct sock_filter after
// struct sock_filter. It refuses more calls than those listed where they are
// given.
func filter(more ...uint32) ([]byte, error) {
	allow := bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}
	program := []bpf.Instruction{
		bpf.LoadAbsolute{Off: dataArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: nativeArch, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS}, // another table of system calls
		bpf.LoadAbsolute{Off: dataCall, Size: 4},
		// Also refuses x32, whose numbers start at 1<<30.
		bpf.JumpIf{Cond: bpf.JumpLessOrEqual, Val: newestCall, SkipTrue: 1},
		retErrno(unix.ENOSYS),
	}
	// Before the calls that may pass with the right arguments.
	for _, call := range more {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: call, SkipTrue: 1}, retErrno(unix.EPERM))
	}
	on := func(call uint32, do ...bpf.Instruction) {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: call, SkipTrue: uint8(len(do))})
		program = append(program, do...)
	}
	// clone3 takes its flags in memory, which no filter sees; ENOSYS makes C
	// libraries fall back on clone.
	on(unix.SYS_CLONE3, retErrno(unix.ENOSYS))
	on(unix.SYS_CLONE, bpf.LoadAbsolute{Off: dataArg0, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: newNamespaces, SkipFalse: 1}, retErrno(unix.EPERM), allow)
	// Sockets between processes of the box are fine. AF_VSOCK reaches the
	// hypervisor through any network namespace, and netlink the kernel.
	for _, call := range []uint32{unix.SYS_SOCKET, unix.SYS_SOCKETPAIR} {
		on(call, bpf.LoadAbsolute{Off: dataArg0, Size: 4},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.AF_UNIX, SkipTrue: 1}, retErrno(unix.EAFNOSUPPORT), allow)
	}
	// No terminal is ever handed in; these inject input into one.
	on(unix.SYS_IOCTL, bpf.LoadAbsolute{Off: dataArg1, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.TIOCSTI, SkipTrue: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.TIOCLINUX, SkipTrue: 1}, retErrno(unix.EPERM), allow)
	calls := slices.Concat(refused, refusedHere)
	if len(calls) > 250 {
		return nil, fmt.Errorf("assembling the seccomp filter: %d refused calls are more than one jump can pass", len(calls))
	}
	for i, call := range calls {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: call, SkipTrue: uint8(len(calls) - i)})
	}
	program = append(program, allow, retErrno(unix.EPERM))
	raw, err := bpf.Assemble(program)
	if err != nil {
		return nil, fmt.Errorf("assembling the seccomp filter: %w", err)
	}
	var b bytes.Buffer
	for _, in := range raw {
		binary.Write(&b, binary.NativeEndian, in.Op)
		b.Write([]byte{in.Jt, in.Jf})
		binary.Write(&b, binary.NativeEndian, in.K)
	}
	return b.Bytes(), nil
}
