import calls
for name, flag in dict(user=0x10000000, mount=0x00020000, pid=0x20000000, net=0x40000000, ipc=0x08000000, uts=0x04000000, cgroup=0x02000000).items():
    if calls.call("unshare", flag)[0] == 0:
        print("OPEN unshare", name)
    r = calls.libc.syscall(56 if calls.x86 else 220, flag | 17, 0, 0, 0, 0)  # clone
    if r == 0:
        calls.os._exit(0)
    if r > 0:
        print("OPEN clone", name)
