"""System calls by name, through the C library's syscall()."""
import ctypes, errno, os, platform

x86 = platform.machine() == "x86_64"
numbers = dict(
    ptrace=(101, 117), mount=(165, 40), umount2=(166, 39), pivot_root=(155, 41), chroot=(161, 51), unshare=(272, 97),
    setns=(308, 268), bpf=(321, 280), io_uring_setup=(425, 425), userfaultfd=(323, 282), perf_event_open=(298, 241),
    add_key=(248, 217), request_key=(249, 218), keyctl=(250, 219), init_module=(175, 105), finit_module=(313, 273),
    kexec_load=(246, 104), reboot=(169, 142), swapon=(167, 224), acct=(163, 89), open_by_handle_at=(304, 265),
    process_vm_readv=(310, 270), pidfd_getfd=(438, 438), kcmp=(312, 272), fsopen=(430, 430), open_tree=(428, 428),
    move_mount=(429, 429), syslog=(103, 116), clone3=(435, 435), memfd_secret=(447, 447), newest=(460, 460),
    sethostname=(170, 161), clock_settime=(227, 112), personality=(135, 92), quotactl=(179, 60), fanotify_init=(300, 262),
)
libc = ctypes.CDLL(None, use_errno=True)

def call(name, *args):
    """The result, and the errno as a name."""
    ctypes.set_errno(0)
    r = libc.syscall(numbers[name][0 if x86 else 1], *[ctypes.c_long(a) for a in args])
    return r, errno.errorcode.get(ctypes.get_errno(), "0")
