//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Landlock is the degraded kind: no namespaces, so that a program sees which
// processes there are, shares loopback's port numbers, and writes to a real
// disk; files, sockets and system calls are refused as in a box.

const stageLandlock = "pawl-sandbox-landlock"

// landlockABI is the version of Landlock in this kernel.
func landlockABI() (int, error) {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 || v < 1 {
		return 0, fmt.Errorf("%w: asking the kernel for Landlock: it has none (%v); it needs Linux 5.13 or newer with landlock among lsm=", ErrUnavailable, errno)
	}
	return int(v), nil
}

// Rights on files, by the version that knows them.
const (
	readRights  = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	fileRights  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	rightsOf1   = 1<<13 - 1 // execute to make_sym
	writeRights = rightsOf1 | unix.LANDLOCK_ACCESS_FS_REFER | unix.LANDLOCK_ACCESS_FS_TRUNCATE
)

// restrict takes from the calling thread, and what it becomes, all rights on
// files but these. The thread must be locked to its goroutine.
func restrict(abi int, rights map[string]uint64) error {
	var handled uint64 = rightsOf1
	rules := unix.LandlockRulesetAttr{}
	size := unsafe.Sizeof(rules.Handled_access_fs)
	if abi >= 2 {
		handled |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi >= 3 {
		handled |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi >= 4 {
		size += unsafe.Sizeof(rules.Handled_access_net)
		rules.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if abi >= 5 {
		handled |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if abi >= 6 {
		size += unsafe.Sizeof(rules.Scoped)
		rules.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	rules.Handled_access_fs = handled
	set, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&rules)), size, 0)
	if errno != 0 {
		return fmt.Errorf("making a Landlock ruleset: %w", errno)
	}
	defer unix.Close(int(set))
	for path, allowed := range rights {
		fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("opening %s: %w", path, err)
		}
		// Packed in the kernel: 12 bytes, as here up to the padding.
		rule := unix.LandlockPathBeneathAttr{Allowed_access: allowed & handled, Parent_fd: int32(fd)}
		_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, set, unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
		unix.Close(fd)
		if errno != 0 {
			return fmt.Errorf("allowing %s: %w", path, errno)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up new privileges: %w", err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, set, 0, 0); errno != 0 {
		return fmt.Errorf("restricting itself by Landlock: %w", errno)
	}
	return nil
}

// landlockArgs are the arguments of a stage that confines itself and becomes the
// interpreter: its name, the program's folder, the scratch folder, how many
// paths may be read, these, and the interpreter's command line.
func (s *Sandbox) landlockArgs(v view, work string) []string {
	paths := s.bwrap.binds(v)
	a := append([]string{stageLandlock, work, filepath.Join(work, scratch), fmt.Sprint(len(paths))}, paths...)
	return append(a, s.bwrap.python.command(work)...)
}

// scratch is the folder, beside the program, that it may write to.
const scratch = "tmp"

// makeScratch makes it for the slot's user.
func (sl *slot) makeScratch() error {
	at := filepath.Join(sl.dir, scratch)
	err := os.Mkdir(at, 0o700)
	if err == nil && sl.uid != 0 {
		err = os.Chown(at, sl.uid, sl.uid)
	}
	return err
}

// becomeConfined is the stage. It returns only if it could not.
func becomeConfined(args []string) error {
	if len(args) < 4 {
		return errors.New("too few arguments")
	}
	work, tmp := args[1], args[2]
	var n int
	if _, err := fmt.Sscan(args[3], &n); err != nil || len(args) < 4+n+1 {
		return fmt.Errorf("%q paths", args[3])
	}
	paths, command := args[4:4+n], args[4+n:]
	rights := map[string]uint64{work: readRights, tmp: writeRights}
	for _, p := range paths {
		rights[p] = readRights
		if st, err := os.Stat(p); err == nil && !st.IsDir() {
			rights[p] &= fileRights
		}
	}
	for _, d := range devices {
		rights["/dev/"+d] = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE
	}
	abi, err := landlockABI()
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	if err := restrict(abi, rights); err != nil {
		return err
	}
	// Older versions see no sockets of files and no datagrams; there is no
	// namespace to confine either. Pairs of sockets remain.
	rules, err := filter(unix.SYS_SOCKET, unix.SYS_CONNECT, unix.SYS_BIND)
	if err == nil {
		err = install(rules)
	}
	if err != nil {
		return err
	}
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + tmp, "TMPDIR=" + tmp, "LANG=C.UTF-8", "PWD=" + work}
	return fmt.Errorf("starting %s: %w", command[0], unix.Exec(command[0], command, env))
}

// plainPath tells whether a path can stand in the bootstrap's text.
func plainPath(p string) bool { return !strings.ContainsAny(p, "\"\\\n") }
