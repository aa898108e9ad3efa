import os
n = 0
while n < 1000:
    try:
        if os.fork() == 0:
            os._exit(0)
    except OSError:
        break
    n += 1
print(n)
