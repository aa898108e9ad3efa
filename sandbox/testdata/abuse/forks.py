# A bomb that stops where it is stopped, and tells how large it has grown.
import os, time
n = 0
while n < 1000:
    try:
        if os.fork() == 0:
            time.sleep(1000)
    except OSError:
        break
    n += 1
print(n)
