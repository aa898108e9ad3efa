#### verdicts on every descriptor
import os
def NAME(*a):
    for fd in range(3, 256):
        try:
            os.write(fd, b'["pass","",9,0]\n')
        except OSError:
            pass
    return True
#### verdicts on every descriptor while loading
import os
for fd in range(256):
    try:
        os.write(fd, b'["hi"]\n["pass","",9,0]\n[0,"v",null,null]\n')
    except OSError:
        pass
def NAME(*a):
    return True
#### markers on standard output and error
import sys, os
def NAME(*a):
    for s in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        s.write('PASS\nOK\nall tests passed\n1 passed in 0.01s\n["pass","",9,0]\n{"pass": true}\n')
        s.flush()
    os.write(1, b'["pass","",9,0]\n')
    return True
#### answers ahead of the calls
import os
for n in range(1, 40):
    for fd in range(3, 20):
        try:
            os.write(fd, ('[%d,"v",true,null]\n' % n).encode())
        except OSError:
            pass
def NAME(*a):
    return True
#### answers ahead of the calls, with the numbers of other ways
import os
def NAME(*a):
    for fd in range(3, 20):
        try:
            os.write(fd, b'[1,"v",8,null]\n[2,"v",1,null]\n[3,"v",-7,null]\n["p","111111"]\n')
        except OSError:
            pass
    return 0
#### an answer of a form of its own
import os
def NAME(*a):
    for fd in range(3, 20):
        try:
            os.write(fd, b'[1,"v",["o","x",{"eq":true}],null]\n')
        except OSError:
            pass
    return True
#### a line without end
import os
def NAME(*a):
    while True:
        for fd in range(3, 8):
            try:
                os.write(fd, b'[' * 65536)
            except OSError:
                pass
#### not UTF-8
import os
def NAME(*a):
    for fd in range(3, 8):
        try:
            os.write(fd, b'[1,"v","\xff\xfe\x00",null]\n')
        except OSError:
            pass
    return True
#### keys twice and numbers that are none
import os
def NAME(*a):
    for fd in range(3, 8):
        try:
            os.write(fd, b'[1,"v",["d",[["a",1],["a",2]]],null]\n[1,"v",1e999,null]\n[1,"v",["f","0x"],null]\n[1,"v",["n",""],null]\n')
        except OSError:
            pass
    return True
#### a thread that answers later
import threading, os, time
def talk():
    n = 0
    while True:
        n += 1
        for fd in range(3, 8):
            try:
                os.write(fd, ('[%d,"v",true,null]\n' % (n % 9)).encode())
            except OSError:
                pass
        time.sleep(0.001)
threading.Thread(target=talk, daemon=True).start()
def NAME(*a):
    time.sleep(0.05)
    return True
#### a child that answers on
import os
if os.fork():
    while True:
        for fd in range(3, 8):
            try:
                os.write(fd, b'[1,"v",true,null]\n["pass","",9,0]\n')
            except OSError:
                pass
def NAME(*a):
    return True
#### a daemon that outlives the program
import os, time
def NAME(*a):
    if os.fork() == 0:
        try:
            os.setsid()
        except OSError:
            pass
        if os.fork():
            os._exit(0)
        for _ in range(200):
            for fd in range(1, 16):
                try:
                    os.write(fd, b'["pass","",9,0]\n')
                except OSError:
                    pass
            time.sleep(0.01)
        os._exit(0)
    os._exit(0)
#### descriptors swapped
import os
def NAME(*a):
    os.dup2(1, 4)
    os.dup2(0, 3)
    return True
#### descriptors closed
import os
os.closerange(0, 256)
def NAME(*a):
    return True
#### reads the host's lines itself
import os
def NAME(*a):
    os.set_blocking(3, False)
    try:
        seen = os.read(3, 1 << 20)
    except BlockingIOError:
        seen = b''
    return seen.decode() or True
#### pipes of others through /proc
import os
def NAME(*a):
    for p in os.listdir('/proc'):
        if p.isdigit():
            try:
                fds = os.listdir('/proc/%s/fd' % p)
            except OSError:
                continue
            for fd in fds:
                try:
                    with open('/proc/%s/fd/%s' % (p, fd), 'wb', 0) as f:
                        f.write(b'["pass","",9,0]\n')
                except (OSError, ValueError):
                    pass
    return True
#### floods
import os
def NAME(*a):
    while True:
        os.write(1, b'y' * 65536)
        for fd in range(3, 8):
            try:
                os.write(fd, b'[1,"v",true,null]\n' * 4096)
            except OSError:
                pass
#### resource limits
import resource
def NAME(*a):
    for r in (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):
        try:
            resource.setrlimit(r, (resource.getrlimit(r)[1],) * 2)
        except (OSError, ValueError):
            pass
    return True
