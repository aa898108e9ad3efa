import os
def writable(path):
    try:
        os.close(os.open(path, os.O_WRONLY))
        return True
    except OSError:
        return False
for folder, _, files in os.walk("/proc/sys"):
    for f in files:
        if writable(os.path.join(folder, f)):
            print("OPEN", folder, f)
for f in ("/proc/sysrq-trigger", "/proc/kcore", "/proc/kmem", "/proc/keys", "/proc/timer_list", "/proc/acpi", "/sys/kernel/uevent_helper"):
    if writable(f):
        print("OPEN", f)
try:
    if open("/proc/kcore", "rb").read(1):
        print("OPEN kcore")
except OSError:
    pass
pids = [int(p) for p in os.listdir("/proc") if p.isdigit()]
if len(pids) > 3 or max(pids) > 100:
    print("OPEN other processes", pids)
# The first process of a box is bubblewrap's and has the same user: it must be
# worth nothing to whoever takes it over.
status = dict(line.split(":", 1) for line in open("/proc/1/status"))
for field, want in dict(CapPrm="0" * 16, CapEff="0" * 16, NoNewPrivs="1", Seccomp="2").items():
    if status[field].strip() != want:
        print("OPEN first process", field, status[field].strip())
