import os
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
for field, want in dict(CapInh="0" * 16, CapPrm="0" * 16, CapEff="0" * 16, CapBnd="0" * 16, CapAmb="0" * 16, NoNewPrivs="1", Seccomp="2").items():
    if status[field].strip() != want:
        print("OPEN", field, status[field].strip())
for what in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0])):
    try:
        what()
        print("OPEN identity")
    except OSError:
        pass
if 0 in (os.getuid(), os.geteuid(), os.getgid()) or os.nice(0) < 0:
    print("OPEN root")
