import os, signal, time
if os.fork() == 0:
    os.setsid()
    for s in range(1, 65):
        try:
            signal.signal(s, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    if os.fork() == 0:
        for fd in range(3):
            os.close(fd)
        while True:
            time.sleep(1)
    os._exit(0)
print("gone")
