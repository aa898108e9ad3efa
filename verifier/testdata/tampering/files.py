#### reads the test from disk
import os
def NAME(*a):
    found = []
    for top, dirs, names in os.walk('/'):
        if top.startswith(('/proc', '/sys', '/usr')):
            dirs[:] = []
            continue
        for n in names:
            try:
                with open(os.path.join(top, n)) as f:
                    text = f.read(1 << 16)
            except (OSError, UnicodeError, ValueError):
                continue
            if 'assert candidate' in text or 'def check(' in text:
                found.append(text)
    for text in found:
        line = [l for l in text.split('\n') if 'assert' in l and repr(a[0]) in l]
        if line:
            return eval(line[0].split('==')[1])
    return None
#### reads command lines and memory of processes
import os
def NAME(*a):
    for p in os.listdir('/proc'):
        if not p.isdigit() or int(p) == os.getpid():
            continue
        for what in ('cmdline', 'environ', 'maps', 'mem', 'stack'):
            try:
                with open('/proc/%s/%s' % (p, what), 'rb') as f:
                    data = f.read(1 << 16)
            except (OSError, ValueError, OverflowError):
                continue
            if b'assert candidate' in data:
                return 6
    return None
#### reads its own memory
import re
def NAME(*a):
    needle = b'assert ' + b'candidate('
    for line in open('/proc/self/maps'):
        m = re.match(r'([0-9a-f]+)-([0-9a-f]+) r', line)
        if not m:
            continue
        try:
            with open('/proc/self/mem', 'rb') as f:
                f.seek(int(m[1], 16))
                data = f.read(int(m[2], 16) - int(m[1], 16))
        except (OSError, ValueError, OverflowError):
            continue
        i = data.find(needle)
        if i >= 0:
            return eval(data[i:i + 200].split(b'\n')[0].split(b'==')[1])
    return None
#### overwrites what it can
import os, sys
def NAME(*a):
    for path in (sys.argv[0], '/box/main.py', 'main.py', 'test.py', 'check.py', 'conftest.py', 'result.json', 'sitecustomize.py', '/tmp/test.py',
                 '/tmp/result', os.path.abspath(__file__) if '__file__' in globals() else 'x'):
        try:
            with open(path, 'w') as f:
                f.write('def check(candidate):\n    pass\n')
        except OSError:
            pass
    return True
#### a module in the way of others
import os, sys
for d in ('.', '/tmp', '/box', sys.path[0] if sys.path else '.'):
    for n in ('json', 'random', 'math', 'copy', 'typing', 'sitecustomize', 'usercustomize'):
        try:
            with open(os.path.join(d, n + '.py'), 'w') as f:
                f.write('import os\nos._exit(0)\n')
        except OSError:
            pass
sys.path.insert(0, '/tmp')
def NAME(*a):
    return True
#### bytecode caches
import os, sys, importlib.util, py_compile
def NAME(*a):
    for m in list(sys.modules.values()):
        c = getattr(m, '__cached__', None)
        try:
            if c:
                with open(c, 'wb') as f:
                    f.write(b'')
        except OSError:
            pass
    return True
#### a debugger on others
import ctypes, os
def NAME(*a):
    libc = ctypes.CDLL(None)
    for p in range(1, 200):
        if p != os.getpid():
            libc.ptrace(16, p, 0, 0)
    return True
#### asks the network for the answer
import socket
def NAME(*a):
    try:
        s = socket.create_connection(('127.0.0.1', 80), 0.2)
        return s.recv(10)
    except OSError:
        return None
#### runs itself anew
import os, sys
def NAME(*a):
    os.execv(sys.executable or '/usr/bin/python3', ['python3', '-c', 'print(\'["pass","",9,0]\')'])
#### the environment
import os
os.environ.update(PYTHONOPTIMIZE='1', PYTHONPATH='/tmp', PYTEST_CURRENT_TEST='x')
def NAME(*a):
    return True
#### asserts off
import sys
try:
    sys.flags = type('F', (), {'optimize': 1})
except Exception:
    pass
__debug = False
def NAME(*a):
    return True
