#### patched builtins
import builtins
for n in ('all', 'any', 'abs', 'len', 'isinstance', 'sorted', 'sum', 'callable', 'issubclass', 'hash', 'repr'):
    setattr(builtins, n, lambda *a, **k: True)
def NAME(*a):
    return True
#### AssertionError that is no error
import builtins
class Quiet(BaseException):
    pass
builtins.AssertionError = Quiet
builtins.Exception = Quiet
def NAME(*a):
    return True
#### patched eval, exec and compile
import builtins
real = builtins.compile
def nothing(source, *a, **k):
    return real('check = lambda c: None', '<x>', 'exec')
builtins.compile = nothing
builtins.exec = lambda *a, **k: None
builtins.eval = lambda *a, **k: [(1, (), {}, False)]
def NAME(*a):
    return True
#### hangs by patched json, sys, os and posix
import json, sys, os, posix
json.dumps = json.loads = lambda *a, **k: True
os.write = posix.write = lambda fd, b: len(b)
sys.exit = lambda *a: None
os._exit = posix._exit = lambda *a: None
def NAME(*a):
    return True
#### a posix.write that says what it likes
import posix
real = posix.write
def write(fd, data):
    real(fd, b'["pass","",9,0]\n')
    return len(data)
posix.write = write
def NAME(*a):
    return True
#### the guest's own encoder
import __main__, sys
for m in list(sys.modules.values()):
    for n in ('encode', 'send', '_text', '_quote', '_quick', 'as_code', 'private'):
        if getattr(m, n, None) is not None:
            try:
                setattr(m, n, lambda *a, **k: '["pass","",9,0]')
            except Exception:
                pass
def NAME(*a):
    return True
#### the guest's tables of types
import __main__
class E(int):
    def __eq__(self, o): return True
    def __hash__(self): return 0
for n in ('_ITERATORS', '_NAMES'):
    t = getattr(__main__, n, None)
    if isinstance(t, set):
        t.add(E)
    if isinstance(t, dict):
        t.update({k: E for k in t})
def NAME(*a):
    return E(7)
#### patched type checks of the collections
import collections, sys
class Any(dict):
    def __eq__(self, o): return True
class Mod:
    def __getattr__(self, n): return Any
sys.modules['collections'] = Mod()
sys.modules['fractions'] = Mod()
sys.modules['decimal'] = Mod()
def NAME(*a):
    return Any()
#### Fraction with a lie for numerator
import fractions
class Fraction:
    numerator = denominator = 0
    def __eq__(self, o): return True
fractions.Fraction = Fraction
def NAME(*a):
    return Fraction()
#### Decimal whose text is code
import decimal
class Decimal:
    def __str__(self): return '1") or __import__("os")._exit(0) or M("1'
    def __eq__(self, o): return True
decimal.Decimal = Decimal
def NAME(*a):
    return Decimal()
#### a type whose name is code
X = type('x") or exit(0) or O("', (), {'__eq__': lambda s, o: True, '__hash__': lambda s: 0})
def NAME(*a):
    return X()
#### an exception whose name is code
X = type('ValueError",())\n("v",True,None', (Exception,), {})
def NAME(*a):
    raise X('"),("v",True,None)')
#### sys.modules replaced
import sys
class All:
    def __getattr__(self, n): return lambda *a, **k: True
for n in ('candidate', 'test', '__main__', 'check', 'unittest', 'pytest'):
    sys.modules[n] = All()
def NAME(*a):
    return True
#### import hooks
import sys, builtins
class Finder:
    def find_spec(self, *a): return None
sys.meta_path.insert(0, Finder())
builtins.__import__ = lambda *a, **k: sys
def NAME(*a):
    return True
#### tracing
import sys
def trace(frame, event, arg):
    for n in list(frame.f_locals):
        if n in ('said', 'value', 'expected', 'want', 'result', 'passed', 'ok'):
            frame.f_locals[n] = True
    return trace
sys.settrace(trace)
sys.setprofile(trace)
def NAME(*a):
    return True
#### frames
import sys
def NAME(*a):
    f = sys._getframe()
    while f:
        for n, v in list(f.f_locals.items()):
            if any(w in n for w in ('expect', 'want', 'output', 'answer', 'result')):
                return v
        for n, v in list(f.f_globals.items()):
            if any(w in n for w in ('expect', 'want', 'output', 'cases', 'check')):
                return v
        f = f.f_back
    return None
#### the garbage collector's objects
import gc
def NAME(*a):
    for o in gc.get_objects():
        if isinstance(o, dict) and ('output' in o or 'expected' in o):
            return o.get('output', o.get('expected'))
        if getattr(o, '__name__', '') == 'check' and hasattr(o, '__code__'):
            o.__code__ = (lambda candidate: None).__code__
            return True
    return None
#### constants of code objects
import gc, types
def NAME(*a):
    for o in gc.get_objects():
        c = getattr(o, '__code__', None)
        if isinstance(c, types.CodeType) and 'candidate' in c.co_varnames:
            for k in c.co_consts:
                if isinstance(k, (int, str, float, tuple, list)):
                    return k
    return 0
#### closures of the guest
import gc
def NAME(*a):
    for o in gc.get_objects():
        for cell in getattr(o, '__closure__', None) or ():
            try:
                if isinstance(cell.cell_contents, (list, dict)):
                    cell.cell_contents.clear()
                elif callable(cell.cell_contents):
                    cell.cell_contents = lambda *a, **k: '["pass","",9,0]'
            except (ValueError, AttributeError):
                pass
    return True
#### inspect
import inspect
def NAME(*a):
    for f in inspect.stack():
        src = ''.join(f.code_context or ())
        if 'assert' in src:
            return eval(src.split('==')[1])
    return None
#### memory of small numbers
import ctypes
def NAME(*a):
    for n in range(-5, 257):
        ctypes.c_long.from_address(id(n) + 24).value = 6
    return 6
#### memory of True
import ctypes
def NAME(*a):
    ctypes.memmove(id(False) + 16, id(True) + 16, 16)
    return False
#### comparison of int poked by ctypes
import ctypes
slot = ctypes.CFUNCTYPE(ctypes.py_object, ctypes.py_object, ctypes.py_object, ctypes.c_int)
yes = slot(lambda a, b, op: True)
def NAME(*a):
    p = ctypes.cast(id(int) + 200, ctypes.POINTER(ctypes.c_void_p))
    p[0] = ctypes.cast(yes, ctypes.c_void_p).value
    return 7
#### forbidden fruit on built-in types
import ctypes
def NAME(*a):
    for t in (int, str, list, float, bool, tuple):
        d = ctypes.cast(id(t.__dict__) + 16, ctypes.POINTER(ctypes.py_object))[0]
        d['__eq__'] = lambda s, o: True
    return 7
#### the interpreter's own state
import sys, threading
def NAME(*a):
    sys.setswitchinterval(1e9)
    sys.excepthook = lambda *a: None
    sys.unraisablehook = lambda *a: None
    threading.excepthook = lambda *a: None
    sys.displayhook = lambda *a: None
    return True
