import os, signal
for pid in (1, -1, os.getppid()):
    try:
        os.kill(pid, signal.SIGTERM if pid == -1 else signal.SIGKILL)
    except OSError:
        pass
print("done")
