#### finalizers that answer when the reply is freed
import os
class Last:
    def __del__(self):
        for fd in range(3, 20):
            try:
                os.write(fd, b'["pass","",9,0]\n')
            except OSError:
                pass
class Held(list):
    pass
def NAME(*a):
    held = Held([Last()])
    held.append(held)
    return True
#### weak references whose callbacks write
import os, weakref
class Thing:
    pass
kept = []
def said(*_):
    for fd in range(3, 20):
        try:
            os.write(fd, b'[1,"v",true,null]\n')
        except OSError:
            pass
def NAME(*a):
    kept.append(weakref.ref(Thing(), said))
    return True
#### threads that race the reply, number by number
import os, threading
def race():
    for n in range(1, 40):
        for fd in range(3, 20):
            try:
                os.write(fd, b'[%d,"v",true,null]\n["pass","",%d,0]\n' % (n, n))
            except OSError:
                pass
for _ in range(4):
    threading.Thread(target=race, daemon=True).start()
def NAME(*a):
    return None
#### an audit hook that refuses all but its own
import sys
def hook(event, args):
    if event in ('compile', 'exec', 'object.__getattr__'):
        raise StopIteration
def NAME(*a):
    sys.addaudithook(hook)
    return True
#### a profiler that rewrites locals of the guest
import ctypes, sys
def profile(frame, event, arg):
    for name in ('said', 'value', 'what', 'v'):
        if name in frame.f_locals and frame.f_code.co_name != 'NAME':
            frame.f_locals[name] = '"v",true,null' if name == 'said' else True
            ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
def NAME(*a):
    sys.setprofile(profile)
    return None
#### callbacks of the garbage collector
import gc, sys
def passed(*_):
    f = sys._getframe(1)
    while f is not None:
        f.f_globals['encode'] = lambda *a: 'true'
        f = f.f_back
gc.callbacks.append(passed)
gc.set_threshold(1)
def NAME(*a):
    gc.collect()
    return None
#### alarms that interrupt the guest
import signal, sys
def ring(number, frame):
    while frame is not None:
        for name in ('said', 'value'):
            if name in frame.f_locals:
                frame.f_locals[name] = True
        frame = frame.f_back
    raise StopIteration('passed')
signal.signal(signal.SIGALRM, ring)
def NAME(*a):
    signal.setitimer(signal.ITIMER_REAL, 1e-5, 1e-4)
    return True
#### error handlers of codecs
import codecs
def forge(e):
    return ('\n["pass","",9,0]\n', e.end)
for name in ('strict', 'replace', 'ignore', 'backslashreplace', 'surrogateescape'):
    codecs.register_error(name, forge)
def NAME(*a):
    return '\ud800\udfff\xe9\n["pass","",9,0]'
#### encodings in the way of others
import codecs, encodings, sys
class Codec(codecs.Codec):
    def encode(self, s, errors='strict'):
        return b'["pass","",9,0]\n', len(s)
    def decode(self, b, errors='strict'):
        return 'True', len(b)
info = codecs.CodecInfo(Codec().encode, Codec().decode, name='ascii')
codecs.register(lambda name: info)
encodings._cache.update({n: info for n in ('ascii', 'utf_8', 'utf-8', 'latin_1')})
sys.modules['encodings.ascii'] = sys.modules['encodings.utf_8'] = info
def NAME(*a):
    return True
#### modules of the wire replaced
import sys, types
class Any:
    def __getattr__(self, name):
        return True
    def __call__(self, *a):
        return 'true'
    def __eq__(self, other):
        return True
    __hash__ = None
for name in ('_json', 'json', 'json.encoder', 'collections', 'fractions', 'decimal', '_signal', 'posix', 'builtins'):
    fake = types.ModuleType(name)
    fake.encode_basestring_ascii = lambda s: 'true'
    fake.Counter = fake.Fraction = fake.Decimal = fake.OrderedDict = Any
    sys.modules[name] = fake
def NAME(*a):
    return Any()
#### site and start-up files for the next interpreter
import os, sys
for at in ('/tmp/sitecustomize.py', '/tmp/usercustomize.py', '/tmp/.pythonrc', '/box/sitecustomize.py', '/tmp/python311._pth', '/tmp/pyvenv.cfg'):
    try:
        with open(at, 'w') as f:
            f.write('import os\nos.write(1, b\'["pass","",9,0]\\n\')\n')
    except OSError:
        pass
os.environ.update(PYTHONPATH='/tmp', PYTHONSTARTUP='/tmp/.pythonrc', PYTHONUSERBASE='/tmp', PYTHONINSPECT='1', PYTHONBREAKPOINT='os._exit')
def NAME(*a):
    breakpoint()
    return True
#### a module's own __getattr__ in place of the function
import sys, types
class Module(types.ModuleType):
    def __getattribute__(self, name):
        return lambda *a: True
    __getattr__ = __getattribute__
m = Module('candidate')
sys.modules['candidate'] = sys.modules['__main__'] = m
sys.modules[__name__].__class__ = Module
def __getattr__(name):
    return lambda *a: True
#### types that equal those of iterators
class Meta(type):
    def __eq__(self, other):
        return True
    def __hash__(self):
        return hash(type(iter([])))
class Answer(metaclass=Meta):
    def __iter__(self):
        return self
    def __next__(self):
        raise SystemExit(0)
def NAME(*a):
    return Answer()
#### a tuple with fields and an iterator of its own
class Named(tuple):
    _fields = ('passed',)
    def __iter__(self):
        raise StopIteration
    def __len__(self):
        return 1
    def __eq__(self, other):
        return True
    __hash__ = tuple.__hash__
def NAME(*a):
    return Named((True,))
#### numbers without an order
import decimal, math
class Turn:
    n = 0
def NAME(*a):
    Turn.n += 1
    return [math.inf, -0.0, decimal.Decimal('NaN'), complex('nan'), -math.inf, decimal.Decimal('-0E+6')][Turn.n % 6]
#### text that is equal once it is normalised
import unicodedata
def NAME(*a):
    if a and isinstance(a[0], str):
        wide = ''.join(chr(ord(c) + 0xfee0) if '!' <= c <= '~' else c for c in a[0].upper() + '!')
        assert unicodedata.normalize('NFKC', wide) == a[0].upper() + '!'
        return wide
    return '\u0661'
#### keys that are equal once they are normalised
def NAME(*a):
    return {'\xe9': 1, 'e\u0301': 1, '\ufb01': 1, 'fi': 1, 1: 1, 1.5: 1, None: 1, 'AB!': 1, 'ＡＢ!': 1}
#### arguments that become what they never were
import os
count = [0]
def NAME(*a):
    count[0] += 1
    for fd in range(3, 20):
        try:
            os.write(fd, b'[%d,"v",null,["t",[["l",[["o","list"],true]],["d",[[["t",[]],null]]]]]]\n' % count[0])
        except OSError:
            pass
    return True
#### arguments that go on changing after the call
import threading
def spoil(xs):
    while True:
        try:
            xs.clear()
            xs.append(xs)
        except Exception:
            return
def NAME(*a):
    for x in a:
        if isinstance(x, list):
            threading.Thread(target=spoil, args=(x,), daemon=True).start()
    return None
#### answers in other notations
import os
count = [0]
def NAME(*a):
    count[0] += 1
    for said in (b'NaN', b'Infinity', b'01', b'1e0', b'-0', b'0x6', b'"\\ud800"', b'/* */true', b"True", b'true,null]#'):
        for fd in range(3, 20):
            try:
                os.write(fd, b'\xef\xbb\xbf[%d,"v",%s,null]\r\n' % (count[0], said))
            except OSError:
                pass
    return True
#### an answer within another
import os
count = [0]
def NAME(*a):
    count[0] += 1
    for fd in range(3, 20):
        try:
            os.write(fd, b'[%d,"v",[%d,"v",true,null],null][%d,"v",true,null]\n' % ((count[0],) * 3))
        except OSError:
            pass
    return True
#### hangs on members that all have one hash
import os
count = [0]
def NAME(*a):
    count[0] += 1
    same = ','.join(['["n","%x"]' % (i * (2 ** 61 - 1)) for i in range(1, 20000)])
    for fd in range(3, 20):
        try:
            data = ('[%d,"v",["s",[%s]],null]\n' % (count[0], same)).encode()
            while data:
                data = data[os.write(fd, data):]
        except OSError:
            pass
    return True
#### what cannot be handed back
views = [{}.keys(), {1: 2}.values(), {1: 2}.items(), memoryview(b'x'), iter(int, 1), NAME if False else len, type, ...]
turn = [0]
def NAME(*a):
    turn[0] += 1
    return views[turn[0] % len(views)]
#### a value at the depth that is borne
import os
count = [0]
def NAME(*a):
    count[0] += 1
    for fd in range(3, 20):
        try:
            os.write(fd, b'[%d,"v",%strue%s,null]\n' % (count[0], b'["l",[' * 61, b']]' * 61))
        except OSError:
            pass
    return True
#### flags and locks of the pipes
import fcntl, os, struct
for fd in range(0, 20):
    for what, value in ((fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND), (1031, 4096), (fcntl.F_SETOWN, 1), (fcntl.F_SETSIG, 9), (fcntl.F_SETLEASE, 1)):
        try:
            fcntl.fcntl(fd, what, value)
        except (OSError, ValueError):
            pass
def NAME(*a):
    return True
#### the process that reports the end
import os
for name in os.listdir('/proc') if os.path.isdir('/proc') else []:
    if name.isdigit():
        for fd in range(3, 12):
            try:
                with open('/proc/%s/fd/%d' % (name, fd), 'wb', buffering=0) as f:
                    f.write((1).to_bytes(8, 'little'))
            except OSError:
                pass
def NAME(*a):
    return True
