# Nothing but /tmp may be written, and nothing of the host's be read.
import os
for f in ("/etc/passwd", "/etc/shadow", "/root", "/home", "/var", "/sys", "/run", "/boot", "/proc/1/root/etc/passwd", "/proc/1/cwd/etc/passwd", "/dev/sda", "/dev/vda", "/dev/mem", "/dev/kvm", "/dev/fuse", "/dev/tty"):
    if os.path.lexists(f) and os.access(f, os.R_OK):
        print("OPEN", f)
os.symlink("/etc/passwd", "/tmp/link")
os.symlink("/proc/1/root", "/tmp/root")
for f in ("/tmp/link", "/tmp/root/etc/passwd", "../../../etc/passwd", "/box/../../etc/passwd"):
    try:
        open(f).close()
        print("OPEN", f)
    except OSError:
        pass
for f in ("/box/main.py", "/box/new", "/new", "/usr/new", "/usr/lib/new", "/dev/new", "/proc/new", os.__file__):
    for flags in (os.O_WRONLY, os.O_WRONLY | os.O_CREAT):
        try:
            os.close(os.open(f, flags))
            print("OPEN for writing", f)
        except OSError:
            pass
for change in (lambda: os.chmod("/box/main.py", 0o777), lambda: os.unlink("/box/main.py"), lambda: os.rename("/box/main.py", "/box/other"), lambda: os.mknod("/tmp/disk", 0o60666, os.makedev(8, 0)), lambda: os.link("/usr/bin/python3", "/tmp/python")):
    try:
        change()
        print("OPEN change")
    except OSError:
        pass
