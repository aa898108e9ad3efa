#### exit 0 while loading
import sys
sys.exit(0)
#### os._exit while loading
import os
os._exit(0)
#### os._exit in the call
import os
def NAME(*a):
    os._exit(0)
#### SystemExit in the call
def NAME(*a):
    raise SystemExit(0)
#### quit
def NAME(*a):
    import builtins
    getattr(builtins, 'quit', exit)(0)
#### KeyboardInterrupt
def NAME(*a):
    raise KeyboardInterrupt
#### GeneratorExit
def NAME(*a):
    raise GeneratorExit
#### StopIteration ends the loops of a test
def NAME(*a):
    raise StopIteration(True)
#### StopAsyncIteration
def NAME(*a):
    raise StopAsyncIteration
#### a subclass of StopIteration and ValueError
class Both(StopIteration, ValueError):
    pass
def NAME(*a):
    raise Both(True)
#### AssertionError that pretends success
def NAME(*a):
    raise AssertionError('PASS')
#### an exception named as success
class passed(BaseException):
    __module__ = 'builtins'
def NAME(*a):
    raise passed('pass')
#### an exception whose class lies of its name and ancestors
class Meta(type):
    def mro(cls):
        return [cls, ValueError, Exception, BaseException, object]
class Fake(ValueError, metaclass=Meta):
    pass
Fake.__name__ = 'pass'
def NAME(*a):
    e = Fake(True)
    e.args = (True,)
    raise e
#### atexit writes success
import atexit, os, sys
def bye():
    for fd in range(64):
        try:
            os.write(fd, b'["pass","",9,0]\n')
        except OSError:
            pass
    os._exit(0)
atexit.register(bye)
def NAME(*a):
    sys.exit(0)
#### killed by itself
import os, signal
def NAME(*a):
    os.kill(os.getpid(), signal.SIGKILL)
#### signals for the parent
import os, signal
def NAME(*a):
    for s in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        try:
            os.kill(os.getppid(), s)
        except OSError:
            pass
    return True
#### a signal handler that answers
import signal, os
def handler(*a):
    os.write(4, b'[1,"v",true,null]\n')
for s in (signal.SIGALRM, signal.SIGUSR1, signal.SIGPROF, signal.SIGTERM):
    signal.signal(s, handler)
def NAME(*a):
    signal.raise_signal(signal.SIGALRM)
    return True
#### hangs while loading
while True:
    pass
#### hangs in the call
def NAME(*a):
    while True:
        try:
            pass
        except BaseException:
            pass
#### recursion without end
def NAME(*a):
    import sys
    sys.setrecursionlimit(1 << 30)
    return NAME(*a)
