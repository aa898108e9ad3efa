import mmap, os
for i in range(100):
    if os.fork() == 0:
        m = mmap.mmap(-1, 64 << 20)
        for at in range(0, 64 << 20, 4096):
            m[at] = 1
        while True:
            pass
os.wait()
os.wait()
while True:
    pass
